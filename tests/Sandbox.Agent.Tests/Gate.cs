namespace Sandbox.Agent.Tests;

/// <summary>A file that commands wait for: what follows in them happens when the test wants it.</summary>
public sealed class Gate(string path)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>Shell code that waits until the gate is open; also it ends when the test run was killed.</summary>
    public string Await { get; } = $"until [ -e {path} ] || ! kill -0 {Environment.ProcessId} 2>/dev/null; do sleep 0.02; done";

    /// <summary>Whether it is open.</summary>
    public bool IsOpen => File.Exists(Path);

    /// <summary>Opens it.</summary>
    public void Open() => File.WriteAllText(Path, "");

    /// <summary>Waits until a command has opened it.</summary>
    public Task OpenedAsync() => Wait.UntilAsync(() => IsOpen, "the command has come so far");

    /// <inheritdoc/>
    public override string ToString() => Path;
}
