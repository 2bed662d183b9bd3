namespace Sandbox;

/// <summary>A completion.</summary>
/// <param name="Text">What is inserted.</param>
/// <param name="Explanation">The tooltip.</param>
/// <param name="IsNumber">Whether it is meant as a number, not as a text that reads like one.</param>
internal readonly record struct Suggestion(string Text, string Explanation, bool IsNumber = false);
