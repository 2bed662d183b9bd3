using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Runs code and writes its output, results and errors to a sink.</summary>
/// <param name="sink">The sink.</param>
/// <param name="asResult">Whether each run gives one object at the end.</param>
/// <param name="files">Saves image results.</param>
internal sealed class CodeOutputDispatcher(IOutputSink sink, bool asResult, ResultFiles files)
{
    private readonly OutputOptions _options = new(asResult ? OutputFormat.Result : OutputFormat.Lines, StandardErrorAction.Host);

    /// <summary>Runs code to its end.</summary>
    /// <param name="run">The code.</param>
    /// <param name="cancellationToken">Interrupts the code in the sandbox.</param>
    public Task FollowAsync(CodeInvocation run, CancellationToken cancellationToken)
    {
        OutputWriter writer = OutputWriter.Create(sink, run, _options);
        return writer.FollowAsync(() => run.FollowAsync(current => sink.PostAsync(() => Write(run, writer, current)), cancellationToken));
    }

    private void Write(CodeInvocation run, OutputWriter writer, CodeEvent current)
    {
        switch (current)
        {
            case CodeOutput output:
                writer.Write(output.Channel, output.Data);
                break;
            case CodeResultEvent shown:
                writer.Write(new SandboxCodeOutput(shown.Result, run.ContextId, run.Target.Sandbox, Save(run, shown.Result)));
                break;
            case CodeEnded ended:
                End(run, writer, ended.Exit);
                break;
        }
    }

    private void End(CodeInvocation run, OutputWriter writer, CodeExit exit)
    {
        writer.Finish(output => new SandboxCodeResult(run.Target.Sandbox.Context(run.ContextId), exit, output));
        if (asResult)
        {
            return;
        }

        if (exit.Restarted)
        {
            sink.WriteWarning($"The interpreter of the context '{run}' had exited and its state was lost. This code runs in a new one.");
        }

        if (exit.TimedOut)
        {
            sink.WriteError(Errors.CodeTimedOut(run.ToString(), exit));
        }
        else if (exit is { Error: not null, Cancelled: false })
        {
            sink.WriteError(Errors.CodeFailed(run.ToString(), new SandboxCodeError(exit.Error)));
        }
    }

    private string[] Save(CodeInvocation run, CodeResult result)
    {
        try
        {
            return files.Save(result);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            sink.WriteError(Errors.ResultNotSaved(e, run.ToString()));
            return [];
        }
    }
}
