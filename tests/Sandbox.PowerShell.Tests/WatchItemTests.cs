using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Watch-SandboxItem while it runs and when it is stopped. Other tests of items: SandboxItem.Tests.ps1.</summary>
public sealed class WatchItemTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private static int s_next;

    private readonly PowerShellEngine _engine = fixture.Engine;
    private readonly string _directory = $"/workspace/i{Interlocked.Increment(ref s_next)}";

    [Fact]
    public void Watch_emits_changes_until_it_is_stopped()
    {
        _ = Run("$null = New-SandboxItem $D -ItemType Directory -Sandbox $Box").Clean;
        using PowerShellEngine watcher = new();
        using PowerShell shell = watcher.Prepare("Watch-SandboxItem $D -Recurse -Sandbox $Box -Verbose", ("D", _directory), ("Box", fixture.Box));
        PSDataCollection<PSObject> changes = [];
        IAsyncResult running = shell.BeginInvoke<PSObject, PSObject>(null, changes);
        Wait.Until(() => shell.Streams.Verbose.ToArray().Any(line => line.Message.StartsWith("Watching", StringComparison.Ordinal)), "the watch has begun");
        _ = Run("Invoke-SandboxCommand \"mkdir $D/sub; touch $D/sub/f; mv $D/sub/f $D/g\" -Sandbox $Box").Clean;
        List<string> seen = [];
        Wait.Until(
            () =>
            {
                seen.AddRange(changes.ReadAll().Select(change => change.ToString()));
                return seen.Contains($"Moved {_directory}/g") || seen.Contains($"Created {_directory}/g");
            },
            "the last change is reported");
        Assert.Contains($"Created {_directory}/sub", seen);
        shell.Stop();
        Assert.True(running.AsyncWaitHandle.WaitOne(Wait.Limit), "the watch goes on");
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
    }

    private ScriptResult Run(string script) => _engine.Run(script, ("D", _directory));
}
