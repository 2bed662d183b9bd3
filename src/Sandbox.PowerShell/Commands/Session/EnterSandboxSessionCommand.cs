using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Attaches this console to the terminal of a session, which keeps running after the detach keys. Without a session, a temporary
/// one is created.</summary>
[Cmdlet(VerbsCommon.Enter, "SandboxSession", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class EnterSandboxSessionCommand : SandboxTargetCommandBase
{
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromSeconds(5);
    private static readonly string[] HostTag = ["PSHOST"];

    /// <summary>The session: an object, an id, <c>sandbox/session</c>, or a pattern that means just one.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "The session: an object or an id.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    [ValidateCount(1, 1)]
    [SupportsWildcards]
    [Alias("Id")]
    public SessionReference[]? Session { get; set; }

    /// <summary>The shell, by path or name, if the session has no terminal yet. Default: bash.</summary>
    [Parameter(HelpMessage = "The shell, by path or name.")]
    [ValidateNotNullOrEmpty]
    public string? Shell { get; set; }

    /// <summary>The key sequence that detaches. Printable keys count after Enter only, a single control character everywhere. An empty string disables
    /// detaching.</summary>
    [Parameter(HelpMessage = "The key sequence that detaches from the terminal.")]
    [ValidateNotNull]
    [AllowEmptyString]
    public string DetachKey { get; set; } = "~.";

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (FindTarget() is not { } target || !ShouldProcess(target.ToString(), "Enter the terminal"))
        {
            return;
        }

        if (!RawConsole.TryOpen(out RawConsole? console, out string? reason))
        {
            ThrowTerminatingError(Errors.ConsoleRequired(reason));
            return;
        }

        Exception? failure;
        (TerminalMessage? Exit, SandboxHandle Session, bool IsKept) end;
        using (console)
        {
            failure = TryVisit(target, console, out end);
        }

        if (failure is not null)
        {
            Report(failure, target.ToString());
        }
        else if (end.Exit is { Code: { } code })
        {
            SessionState.PSVariable.Set("global:LASTEXITCODE", code);
        }
        else if (end.IsKept)
        {
            string place = DisplayText.Clean(end.Session.ToString());
            WriteInformation($"\nDetached from '{place}'. Run 'Enter-SandboxSession {place}' to re-attach.", HostTag);
        }
    }

    // Report the error after the console was restored.
    private Exception? TryVisit(SandboxTarget target, RawConsole console, out (TerminalMessage? Exit, SandboxHandle Session, bool IsKept) end)
    {
        try
        {
            end = Wait(token => VisitAsync(target, console, token));
            return null;
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            end = default;
            return e;
        }
    }

    private SandboxTarget? FindTarget()
    {
        if (Session is null)
        {
            SandboxTarget[] targets = [.. this.Resolve(null, Sandbox)];
            return targets.Length == 1 ? targets[0] : throw Ambiguous(targets.Select(target => target.ToString()));
        }

        SandboxSession[] found = [.. this.FindSessions(Session[0], SandboxesBeside(Session))];
        return found.Length switch
        {
            0 => null,
            1 => new SandboxTarget(ClientOf(found[0].Server).Sandbox(found[0].SandboxId).Session(found[0].Id)),
            _ => throw Ambiguous(found.Select(session => session.ToString())),
        };
    }

    private PipelineStoppedException Ambiguous(IEnumerable<string> targets)
    {
        ThrowTerminatingError(Errors.InvalidArgument($"A console attaches to one session at a time, but several match: {string.Join(", ", targets)}.", null));
        return new PipelineStoppedException();
    }

    private async Task<(TerminalMessage? Exit, SandboxHandle Session, bool IsKept)> VisitAsync(
        SandboxTarget target, RawConsole console, CancellationToken cancellationToken)
    {
        SandboxHandle session = target.IsAutomatic ? target.Sandbox : await target.ToDefaultSessionAsync(cancellationToken);
        if (session.SessionId is not null)
        {
            using TerminalAttachment existing = new(session, Shell, DetachKey);
            return (await existing.RunAsync(console, cancellationToken), session, true);
        }

        SessionInfo made = await target.UseAsync(sandbox => sandbox.CreateSessionAsync(new(), cancellationToken), cancellationToken);
        SandboxHandle own = session.Session(made.Id);
        try
        {
            using TerminalAttachment attachment = new(own, Shell, DetachKey);
            return (await attachment.RunAsync(console, cancellationToken), own, false);
        }
        finally
        {
            await RemoveAsync(own);
        }
    }

    private static async Task RemoveAsync(SandboxHandle own)
    {
        using CancellationTokenSource limit = new(RemoveLimit);
        try
        {
            await own.RemoveSessionAsync(limit.Token);
        }
        catch (Exception e) when (Errors.IsExpected(e) || e is OperationCanceledException)
        {
            // The sandbox was removed, or the server stopped.
        }
    }
}
