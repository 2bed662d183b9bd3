using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Writes the output of one command, process or run of code to a sink. Runs in the actions that are posted to the sink.</summary>
internal abstract class OutputWriter
{
    private protected OutputWriter(IOutputSink sink, object source, OutputOptions options)
    {
        (Sink, Source, Options) = (sink, source, options);
        Lines = new(WriteLine);
    }

    private protected IOutputSink Sink { get; }

    /// <summary>The source, as text in messages. That of code is known when its first event arrives.</summary>
    private protected object Source { get; }

    private protected OutputOptions Options { get; }

    private protected LineSplitter Lines { get; }

    private string Prefix => Options.Prefix ? $"[{Source}] " : "";

    /// <summary>Creates the writer for a format.</summary>
    /// <param name="sink">Receives the output.</param>
    /// <param name="source">The source: a target, process or run of code.</param>
    /// <param name="options">The format.</param>
    public static OutputWriter Create(IOutputSink sink, object source, OutputOptions options) => options.Form switch
    {
        OutputFormat.Raw => new TextWriter(sink, source, options),
        OutputFormat.Bytes => new BytesWriter(sink, source, options),
        OutputFormat.Result => new ResultWriter(sink, source, options),
        _ => new LinesWriter(sink, source, options),
    };

    /// <summary>Reads a source to its end. After a failure, which is reported, or a cancellation the received output is complete too.</summary>
    public async Task FollowAsync(Func<Task> follow)
    {
        try
        {
            await follow();
        }
        catch (OperationCanceledException)
        {
            await Sink.PostAsync(() => Finish());
            throw;
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            await Sink.PostAsync(() =>
            {
                Finish();
                Sink.WriteFailure(Errors.From(e, Source.ToString()));
            });
        }
    }

    /// <summary>Writes an event; other events than output and gaps are ignored.</summary>
    public void Write(CommandEvent current)
    {
        if (current is CommandOutput output)
        {
            Write(output.Channel, output.Data);
        }
        else if (current is OutputGap gap)
        {
            Sink.WriteWarning(Errors.OutputMissing(Source.ToString()!, gap.Missing));
        }
    }

    public virtual void Write(OutputChannel channel, ReadOnlyMemory<byte> data)
    {
        if (channel == OutputChannel.Output || Options.StandardError == StandardErrorAction.Output)
        {
            WriteOutput(channel, data);
        }
        else if (Options.StandardError != StandardErrorAction.Null)
        {
            Lines.Add(channel, data.Span);
        }
    }

    /// <summary>Writes a result of code, after the incomplete line before it.</summary>
    public virtual void Write(SandboxCodeOutput result)
    {
        Lines.Finish(OutputChannel.Output);
        Sink.WriteObject(result);
    }

    /// <summary>Ends the existing output: what follows is written as it arrives.</summary>
    public virtual void EndTail()
    {
    }

    /// <summary>Writes the output that was held back.</summary>
    /// <param name="toResult">Creates the result object; null when the exit status is unknown.</param>
    public virtual void Finish(Func<CollectedOutput, object>? toResult = null) => Lines.Finish();

    /// <summary>Writes standard output, and standard error that is merged into it.</summary>
    private protected abstract void WriteOutput(OutputChannel channel, ReadOnlyMemory<byte> data);

    /// <summary>Writes a line of output.</summary>
    /// <param name="line">The line, with its prefix.</param>
    private protected virtual void WriteLine(string line) => Sink.WriteObject(line);

    private void WriteLine(OutputChannel channel, string line)
    {
        string text = Prefix + line;
        if (channel == OutputChannel.Output || Options.StandardError == StandardErrorAction.Output)
        {
            WriteLine(text);
        }
        else if (Options.StandardError == StandardErrorAction.Error)
        {
            Sink.WriteError(Errors.StandardErrorLine(text, Source));
        }
        else
        {
            // Tagged as Write-Host tags its records, so that hosts show it, whatever the preferences are.
            InformationRecord record = new(new HostInformationMessage { Message = text }, Source.ToString());
            record.Tags.Add("PSHOST");
            record.Tags.Add("StandardError");
            Sink.WriteInformation(record);
        }
    }
}
