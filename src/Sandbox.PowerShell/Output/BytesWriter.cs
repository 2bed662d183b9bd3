using System.Management.Automation;

namespace Sandbox;

/// <summary>Emits bytes as they come.</summary>
/// <inheritdoc cref="OutputWriter.Create" />
internal sealed class BytesWriter(Cmdlet cmdlet, CommandRun run, OutputOptions options) : OutputWriter(cmdlet, run, options)
{
    private protected override void WriteOutput(ReadOnlyMemory<byte> data) => Cmdlet.WriteObject(data.ToArray(), enumerateCollection: false);
}
