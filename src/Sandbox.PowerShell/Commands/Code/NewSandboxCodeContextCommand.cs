using System.Collections;
using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Creates a code context: an interpreter that keeps its state between runs.</summary>
[Cmdlet(VerbsCommon.New, "SandboxCodeContext", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxCodeContext))]
public sealed class NewSandboxCodeContextCommand : SandboxTargetCommandBase
{
    /// <summary>The language, or the name of a Jupyter kernel that is installed in the sandbox; <c>python</c> when left out.</summary>
    [Parameter(Position = 0, HelpMessage = "The language, or a Jupyter kernel's name.")]
    [ArgumentCompleter(typeof(LanguageCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Language { get; set; }

    /// <summary>The context's id; generated when left out.</summary>
    [Parameter(HelpMessage = "The id of the context.")]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>The session that gives it its directory and variables. Left out, it is the sandbox's session <c>default</c> where it has one.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The session whose directory and variables the context starts with.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? Session { get; set; }

    /// <summary>The working directory, relative to that of the session; created if it does not exist. Default: the directory of the session.</summary>
    [Parameter(HelpMessage = "The working directory of the context.")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables beside the session's. A SecureString is sent as a secret; null is skipped.</summary>
    [Parameter(HelpMessage = "Environment variables, in addition to those of the session.")]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>Seconds, or a TimeSpan, after which a run of the context is interrupted. Default: no limit.</summary>
    [Parameter(HelpMessage = "Timeout of its runs in seconds, or a TimeSpan.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    [Alias("TimeoutSec")]
    public double? TimeoutSeconds { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        EnvironmentMap environment = ReadEnvironment(Environment);
        ContextCreateRequest request = new()
        {
            Id = Id,
            Language = Language,
            Cwd = WorkingDirectory,
            Env = environment.Plain,
            SecretEnv = environment.Secret,
            TimeoutMs = Seconds.ToMilliseconds(TimeoutSeconds),
        };
        ForEach(this.Resolve(Session, SandboxesBeside(Session)), $"Create {Language ?? "python"} context", async (target, token) =>
        {
            ContextInfo made = await target.UseAsync(sandbox => sandbox.CreateContextAsync(request, token), token);
            return new SandboxCodeContext(made, target.Sandbox);
        });
    }
}
