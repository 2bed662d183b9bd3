using Sandbox.Agent.Shells;
using Sandbox.Linux;

namespace Sandbox.Agent.Tests;

public sealed class ShellLauncherTests : IDisposable
{
    private readonly string _mark = Guid.NewGuid().ToString("N");
    private readonly string _root = Directory.CreateTempSubdirectory("sbl").FullName;

    // Stays open until all shells that inherited the other end have exited.
    private readonly List<FileDescriptor> _pipes = [];

    [Fact]
    public void Killed_shell_launcher_is_replaced_for_the_next_shell()
    {
        using ShellLauncher launcher = new(AgentFixture.LauncherCommandLine, new Dictionary<string, string> { ["MARK"] = _mark, ["PATH"] = "/usr/bin:/bin" });
        using ChildProcess first = StartShell(launcher, "1");
        ProcessEntry starter = ProcessTable.All()
            .Single(process => process.Id != first.Id && process.IsAlive && Environ(process.Id).Contains(_mark, StringComparison.Ordinal));
        Assert.Equal(Environment.ProcessId, ProcessTable.Find(first.Id)!.Value.ParentId);
        ProcessTable.Send(starter, Signal.KILL);
        using ChildProcess second = StartShell(launcher, "2");
        Assert.NotEqual(first.Id, second.Id);
        foreach (ChildProcess shell in (ChildProcess[])[first, second])
        {
            shell.Send(Signal.KILL);
            shell.Collect();
        }
    }

    public void Dispose()
    {
        _pipes.ForEach(pipe => pipe.Dispose());
        Directory.Delete(_root, recursive: true);
    }

    private static string Environ(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/environ");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private ChildProcess StartShell(ShellLauncher launcher, string name)
    {
        string directory = Directory.CreateDirectory(Path.Combine(_root, name)).FullName;
        _pipes.Add(FileDescriptor.CreateFifoToWrite(Path.Combine(directory, ForkServer.InputName)));
        _pipes.Add(FileDescriptor.CreateFifoToRead(Path.Combine(directory, ForkServer.ReportName)));
        return launcher.Start(directory);
    }
}
