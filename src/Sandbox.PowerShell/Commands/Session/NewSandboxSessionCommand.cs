using System.Collections;
using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Creates a session: a shell of a sandbox with its own directory, variables and state.</summary>
[Cmdlet(VerbsCommon.New, "SandboxSession", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxSession))]
public sealed class NewSandboxSessionCommand : SandboxCommandBase
{
    /// <summary>The session's id; generated when left out.</summary>
    [Parameter(Position = 0, HelpMessage = "The id of the session.")]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>The sandbox: an object or an id. Left out, it is the sandbox <c>default</c>, which is made on first use.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The sandbox: an object or an id.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    public SandboxReference[]? Sandbox { get; set; }

    /// <summary>The directory in which its shell starts; created if it does not exist. Default: <c>/workspace</c>.</summary>
    [Parameter(HelpMessage = "The directory in which its shell starts.")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables of the session. A SecureString is kept as a secret; null is skipped.</summary>
    [Parameter(HelpMessage = "Environment variables of the session.")]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>Seconds, or a TimeSpan, after which a command of the session is stopped. Default: no limit.</summary>
    [Parameter(HelpMessage = "Timeout of its commands in seconds, or a TimeSpan.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    public double? CommandTimeoutSeconds { get; set; }

    /// <summary>Replaces an existing session with this id and stops what runs in it.</summary>
    [Parameter(HelpMessage = "Replaces an existing session with this id.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        EnvironmentMap environment = ReadEnvironment(Environment);
        SessionCreateRequest request = new()
        {
            Id = Id,
            Cwd = WorkingDirectory,
            Env = environment.Plain,
            SecretEnv = environment.Secret,
            CommandTimeoutMs = Seconds.ToMilliseconds(CommandTimeoutSeconds),
        };
        foreach (SandboxTarget target in this.Resolve(null, Sandbox))
        {
            string name = $"{target.SandboxId}/{Id ?? "a new session"}";
            if (ShouldProcess(name, "Create session")
                && TryInvoke(Id is null ? target.SandboxId : name,
                    token => target.UseAsync(sandbox => CreateAsync(sandbox, request, token), token), out SessionInfo? made))
            {
                WriteObject(new SandboxSession(made, target.Sandbox));
            }
        }
    }

    private async Task<SessionInfo> CreateAsync(SandboxHandle sandbox, SessionCreateRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await sandbox.CreateSessionAsync(request, cancellationToken);
        }
        catch (ApiException e) when (Force && e.Code == ErrorCodes.SessionExists)
        {
            await sandbox.Session(Id).RemoveSessionAsync(cancellationToken);
            return await sandbox.CreateSessionAsync(request, cancellationToken);
        }
    }
}
