using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Writes what one run of code prints and shows. Belongs to the pipeline's thread.</summary>
/// <param name="cmdlet">Emits.</param>
/// <param name="run">The run.</param>
/// <param name="files">Keeps images.</param>
internal abstract class CodeWriter(Cmdlet cmdlet, CodeInvocation run, ResultFiles files)
{
    private protected Cmdlet Cmdlet { get; } = cmdlet;

    private protected CodeInvocation Run { get; } = run;

    /// <summary>Writes an event.</summary>
    /// <param name="current">The event.</param>
    public void Write(CodeEvent current)
    {
        switch (current)
        {
            case CodeOutput output:
                WritePrinted(output);
                break;
            case CodeResultEvent shown:
                WriteShown(new SandboxCodeOutput(shown.Result, Run.ContextId, Run.Target, Keep(shown.Result)));
                break;
            case CodeEnded ended:
                Finish(ended.Exit);
                break;
        }
    }

    /// <summary>Writes what was kept back.</summary>
    /// <param name="exit">How the run ended; null when that will never be known.</param>
    public abstract void Finish(CodeExit? exit);

    /// <summary>Writes what was printed.</summary>
    /// <param name="output">The bytes.</param>
    private protected abstract void WritePrinted(CodeOutput output);

    /// <summary>Writes what is shown.</summary>
    /// <param name="output">What.</param>
    private protected abstract void WriteShown(SandboxCodeOutput output);

    private string[] Keep(CodeResult result)
    {
        try
        {
            return files.Save(result);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Cmdlet.WriteError(Errors.ResultNotSaved(e, Run));
            return [];
        }
    }
}
