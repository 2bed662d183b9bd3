using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>An event of running code.</summary>
public abstract class CodeEvent
{
    private protected CodeEvent()
    {
    }
}

/// <summary>Output of the code or of a program that it started.</summary>
/// <param name="channel">The channel.</param>
/// <param name="data">The bytes.</param>
public sealed class CodeOutput(OutputChannel channel, ReadOnlyMemory<byte> data) : CodeEvent
{
    /// <summary>Where the bytes were written.</summary>
    public OutputChannel Channel { get; } = channel;

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; } = data;
}

/// <summary>A result: the value of an expression, or displayed data.</summary>
/// <param name="result">The result.</param>
public sealed class CodeResultEvent(CodeResult result) : CodeEvent
{
    /// <summary>The result.</summary>
    public CodeResult Result { get; } = result;
}

/// <summary>The end of the run, always the last event.</summary>
/// <param name="exit">The exit status.</param>
public sealed class CodeEnded(CodeExit exit) : CodeEvent
{
    /// <summary>The exit status.</summary>
    public CodeExit Exit { get; } = exit;
}
