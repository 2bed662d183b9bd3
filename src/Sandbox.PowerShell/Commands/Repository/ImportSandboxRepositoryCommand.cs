using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Checks out git repositories in sandboxes, with the git of the sandbox.</summary>
[Cmdlet(VerbsData.Import, "SandboxRepository", SupportsShouldProcess = true, DefaultParameterSetName = "Branch")]
[OutputType(typeof(SandboxRepository))]
public sealed class ImportSandboxRepositoryCommand : SandboxSessionCommandBase
{
    /// <summary>The repository's address, as git takes it. A name and password in it are treated as <see cref="Credential"/> is.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The URL of the repository.")]
    [ValidateNotNullOrEmpty]
    public string Uri { get; set; } = "";

    /// <summary>The new directory; without, one that is named after the repository, in the session's directory.</summary>
    [Parameter(Position = 1, HelpMessage = "The directory to create.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string? Destination { get; set; }

    /// <summary>The branch; without, the one that the repository names.</summary>
    [Parameter(ParameterSetName = "Branch", HelpMessage = "The branch.")]
    [ValidateNotNullOrEmpty]
    public string? Branch { get; set; }

    /// <summary>The tag.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Tag", HelpMessage = "The tag.")]
    [ValidateNotNullOrEmpty]
    public string? Tag { get; set; }

    /// <summary>The hash of the commit; the complete hash with -Depth.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Commit", HelpMessage = "The commit's hash.")]
    [ValidateNotNullOrEmpty]
    public string? Commit { get; set; }

    /// <summary>Number of commits of history to fetch. Default: all.</summary>
    [Parameter(HelpMessage = "Number of commits of history to fetch. Default: all.")]
    [ValidateRange(1, int.MaxValue)]
    public int? Depth { get; set; }

    /// <summary>What an http or https server asks for. It is given to git alone, and kept nowhere.</summary>
    [Parameter(HelpMessage = "User name and password or token.")]
    [Credential]
    [ValidateNotNull]
    public PSCredential? Credential { get; set; }

    /// <summary>The time limit.</summary>
    [Parameter(HelpMessage = "Timeout in seconds, or a TimeSpan.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    [Alias("TimeoutSec")]
    public double? TimeoutSeconds { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        RepositoryAddress address = RepositoryAddress.Parse(Uri);
        CheckoutRequest request = new()
        {
            Uri = Credential is null ? Uri : address.Uri,
            Branch = Branch,
            Tag = Tag,
            Commit = Commit,
            Destination = Destination,
            Depth = Depth,
            UserName = Credential?.UserName,
            Password = Credential?.GetNetworkCredential().Password,
            TimeoutMs = Seconds.ToMilliseconds(TimeoutSeconds),
        };
        foreach (SandboxTarget target in Targets)
        {
            if (ShouldProcess(target.ToString(), $"Import repository '{address}'"))
            {
                TryRun(address.Uri, () => Import(target, request, address));
            }
        }
    }

    private void Import(SandboxTarget target, CheckoutRequest request, RepositoryAddress address)
    {
        CheckoutProgress? latest = null;
        CheckoutResult result = this.RunWithProgress(
            $"Importing '{address}'", target.ToString(),
            token => target.UseAsync(sandbox => sandbox.CheckOutAsync(request, progress => Volatile.Write(ref latest, progress), token), token),
            record =>
            {
                if (Volatile.Read(ref latest) is { } progress)
                {
                    (record.StatusDescription, record.PercentComplete) = (progress.Phase, Math.Clamp(progress.Percent, 0, 100));
                }
            });
        WriteObject(new SandboxRepository(result, target.Sandbox));
    }
}
