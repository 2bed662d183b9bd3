using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Writes one object at the end. Everything is in it.</summary>
/// <inheritdoc cref="CodeWriter(Cmdlet, CodeInvocation, ResultFiles)" />
internal sealed class CodeResultWriter(Cmdlet cmdlet, CodeInvocation run, ResultFiles files) : CodeWriter(cmdlet, run, files)
{
    // The default output limit of a command result.
    private const long Limit = 64 << 20;

    private readonly BoundedBuffer _output = new();
    private readonly BoundedBuffer _error = new();
    private readonly List<SandboxCodeOutput> _shown = [];
    private bool _truncated;

    /// <inheritdoc />
    public override void Finish(CodeExit? exit)
    {
        if (exit is not null)
        {
            Cmdlet.WriteObject(new SandboxCodeResult(Run, exit, _output.ToString(), _error.ToString(), _truncated, [.. _shown]));
        }
    }

    private protected override void WritePrinted(CodeOutput output)
    {
        (BoundedBuffer mine, BoundedBuffer other) = output.Channel == OutputChannel.Output ? (_output, _error) : (_error, _output);
        _truncated |= !mine.Add(output.Data.Span, Limit - other.Length);
    }

    private protected override void WriteShown(SandboxCodeOutput output) => _shown.Add(output);
}
