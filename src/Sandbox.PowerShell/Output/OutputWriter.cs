using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Writes the output of one command. Belongs to the thread that its sink may be written on.</summary>
internal abstract class OutputWriter
{
    private readonly LineSplitter _errorLines;

    private protected OutputWriter(IOutputSink sink, RemoteCommand run, OutputOptions options)
    {
        (Sink, Run, Options) = (sink, run, options);
        Prefix = options.Prefix ? $"[{run.Target}] " : "";
        _errorLines = new(WriteErrorLine);
    }

    private protected IOutputSink Sink { get; }

    private protected RemoteCommand Run { get; }

    private protected OutputOptions Options { get; }

    private protected string Prefix { get; }

    /// <summary>The writer for a form.</summary>
    /// <param name="sink">Receives the output.</param>
    /// <param name="run">The command.</param>
    /// <param name="options">The form.</param>
    public static OutputWriter Create(IOutputSink sink, RemoteCommand run, OutputOptions options) => options.Form switch
    {
        OutputFormat.Raw => new TextWriter(sink, run, options),
        OutputFormat.Bytes => new BytesWriter(sink, run, options),
        OutputFormat.Result => new ResultWriter(sink, run, options),
        _ => new LinesWriter(sink, run, options),
    };

    /// <summary>Writes what the command wrote.</summary>
    /// <param name="output">What it wrote.</param>
    public virtual void Write(CommandOutput output)
    {
        if (output.Channel == OutputChannel.Output)
        {
            WriteOutput(output.Data);
        }
        else if (Options.StandardError == StandardErrorAction.Output)
        {
            WriteMergedError(output.Data);
        }
        else if (Options.StandardError != StandardErrorAction.Null)
        {
            _errorLines.Add(output.Data.Span);
        }
    }

    /// <summary>Writes what was kept back. Also called when the command's end will never be known.</summary>
    /// <param name="exit">How the command ended; null when that is not known.</param>
    public virtual void Finish(ExecExit? exit) => _errorLines.Finish();

    /// <summary>Writes standard output.</summary>
    /// <param name="data">The bytes.</param>
    private protected abstract void WriteOutput(ReadOnlyMemory<byte> data);

    /// <summary>Writes standard error where standard output goes.</summary>
    /// <param name="data">The bytes.</param>
    private protected virtual void WriteMergedError(ReadOnlyMemory<byte> data) => WriteOutput(data);

    private void WriteErrorLine(string line)
    {
        if (Options.StandardError == StandardErrorAction.Error)
        {
            Sink.WriteError(Errors.StandardErrorLine(Prefix + line, Run));
            return;
        }

        // Tagged as Write-Host tags its records, so that hosts show it, whatever the preferences are.
        InformationRecord record = new(new HostInformationMessage { Message = Prefix + line }, Run.Target.ToString());
        record.Tags.Add("PSHOST");
        record.Tags.Add("StandardError");
        Sink.WriteInformation(record);
    }
}
