namespace Sandbox.Agent.Tests;

/// <summary>File that commands wait for, so that a test decides when they continue.</summary>
public sealed class Gate(string path)
{
    public string Path { get; } = path;

    /// <summary>Gets the shell code that waits until the gate is open. It also ends when the test process has exited.</summary>
    public string Await { get; } = $"until [ -e {path} ] || ! kill -0 {Environment.ProcessId} 2>/dev/null; do sleep 0.02; done";

    public bool IsOpen => File.Exists(Path);

    public void Open() => File.WriteAllText(Path, "");

    /// <summary>Waits until a command has opened the gate.</summary>
    public Task WaitUntilOpenAsync() => Wait.UntilAsync(() => IsOpen, "the command has come so far");

    /// <inheritdoc />
    public override string ToString() => Path;
}
