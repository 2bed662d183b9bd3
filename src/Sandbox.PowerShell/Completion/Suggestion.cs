namespace Sandbox;

/// <summary>Something a completer offers.</summary>
/// <param name="Text">What is inserted.</param>
/// <param name="Explanation">What is said about it.</param>
/// <param name="IsNumber">Whether it is meant as a number, not as a text that reads like one.</param>
internal readonly record struct Suggestion(string Text, string Explanation, bool IsNumber = false);
