using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The exception that code failed with, as reported by its language.</summary>
public sealed class SandboxCodeError
{
    internal SandboxCodeError(CodeError error) => (Name, Value, Traceback) = (error.Name, error.Value, [.. error.Traceback]);

    /// <summary>The kind of error.</summary>
    public string Name { get; }

    /// <summary>The message.</summary>
    public string Value { get; }

    /// <summary>The stack trace, by line.</summary>
    public string[] Traceback { get; }

    /// <summary>Kind and text, as most languages print them.</summary>
    public override string ToString() => Value.Length == 0 ? Name : $"{Name}: {Value}";
}
