using System.Diagnostics;
using System.Text.Json;

namespace Sandbox.Tests;

/// <summary>A home of its own for a server, and that server's end.</summary>
public sealed class SandboxHome : IDisposable
{
    public SandboxHome()
    {
        // Short, since socket paths are; open to sandboxes' users, who must reach their programs.
        Folder = $"/tmp/sbx{Random.Shared.Next(0x1000000):x}";
        Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    public string Folder { get; }

    public bool HasServer => ReadyFile is not null;

    public int ServerProcess => JsonDocument.Parse(File.ReadAllText(ReadyFile!)).RootElement.GetProperty("processId").GetInt32();

    private string? ReadyFile => Directory.EnumerateFiles(Folder, "server.json", SearchOption.AllDirectories).FirstOrDefault();

    /// <summary>Ends the server without warning, as a crash would.</summary>
    public void KillServer()
    {
        using Process server = Process.GetProcessById(ServerProcess);
        server.Kill();
        server.WaitForExit();
    }

    /// <summary>Lets a server leave: what it has started ahead, which is nobody's to remove, goes with it.</summary>
    public static void Leave(Process server)
    {
        using (Process signal = Process.Start("kill", $"{server.Id}"))
        {
            signal.WaitForExit();
        }

        server.WaitForExit();
    }

    public void Dispose()
    {
        if (HasServer)
        {
            using (ShellProcess shell = new(this, "-Command", "Get-Sandbox | Remove-Sandbox -Confirm:$false"))
            {
                shell.Finish();
            }

            using Process server = Process.GetProcessById(ServerProcess);
            Leave(server);
        }

        Directory.Delete(Folder, recursive: true);
    }
}
