namespace Sandbox;

/// <summary>Something a completer offers.</summary>
/// <param name="Text">What is inserted.</param>
/// <param name="Explanation">What is said about it.</param>
internal readonly record struct Suggestion(string Text, string Explanation);
