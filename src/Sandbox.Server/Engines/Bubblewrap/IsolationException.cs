namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>This host gives a sandbox less than was asked for.</summary>
/// <param name="failure">Why, and what can be done.</param>
internal sealed class IsolationException(IsolationFailure failure) : Exception(failure.Reason)
{
    /// <summary>Why, and what can be done.</summary>
    public IsolationFailure Failure => failure;
}
