using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Something that running code did.</summary>
public abstract class CodeEvent
{
    private protected CodeEvent()
    {
    }
}

/// <summary>Something was printed, by the code or a program that it started.</summary>
/// <param name="channel">Where to.</param>
/// <param name="data">The bytes, exactly.</param>
public sealed class CodeOutput(OutputChannel channel, ReadOnlyMemory<byte> data) : CodeEvent
{
    /// <summary>Where the bytes were written.</summary>
    public OutputChannel Channel { get; } = channel;

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; } = data;
}

/// <summary>The code shows something.</summary>
/// <param name="result">What.</param>
public sealed class CodeResultEvent(CodeResult result) : CodeEvent
{
    /// <summary>What it shows.</summary>
    public CodeResult Result { get; } = result;
}

/// <summary>The run ended; nothing follows.</summary>
/// <param name="exit">How.</param>
public sealed class CodeEnded(CodeExit exit) : CodeEvent
{
    /// <summary>How it ended.</summary>
    public CodeExit Exit { get; } = exit;
}
