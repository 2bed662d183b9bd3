using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Tests whether paths exist in sandboxes.</summary>
[Cmdlet(VerbsDiagnostic.Test, "SandboxPath", DefaultParameterSetName = PathSet)]
[OutputType(typeof(bool))]
public sealed class TestSandboxPathCommand : SandboxPathCommandBase
{
    /// <summary>The expected type; links are followed.</summary>
    [Parameter(HelpMessage = "The type of item to test for.")]
    public TestPathType PathType { get; set; } = TestPathType.Any;

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        string[] patterns = ParameterSetName == PathSet ? [.. (Path ?? []).Where(ItemPattern.IsPattern)] : [];
        foreach (string pattern in patterns)
        {
            WriteObject(Items([pattern], hidden: true).Any(found => IsWanted(found.Entry)));
        }

        foreach (RemotePath remote in RemotePaths([.. (Path ?? []).Except(patterns)], hidden: true))
        {
            if (TryInvoke(remote.Display, token => remote.TryGetAsync(follow: false, token), out FileEntry? entry))
            {
                WriteObject(entry is not null && IsWanted(entry));
            }
        }
    }

    private bool IsWanted(FileEntry entry) => PathType switch
    {
        TestPathType.Container => (entry.TargetType ?? entry.Type) == FileKind.Directory,
        TestPathType.Leaf => (entry.TargetType ?? entry.Type) != FileKind.Directory,
        _ => true,
    };
}

/// <summary>What <c>Test-SandboxPath</c> looks for.</summary>
public enum TestPathType
{
    /// <summary>Whatever it is.</summary>
    Any,

    /// <summary>A directory.</summary>
    Container,

    /// <summary>Anything else.</summary>
    Leaf,
}
