using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Sandbox.Tests;

/// <summary>A home of its own for a server, and that server's end.</summary>
public sealed class SandboxHome : IDisposable
{
    // Anyone may pass, since sandboxes' users must reach their programs.
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public SandboxHome()
    {
        // Short, since socket paths are. Made anew, whoever else makes one at the same time.
        Folder = Directory.CreateTempSubdirectory("sbx").FullName;
        File.SetUnixFileMode(Folder, Mode);
    }

    public string Folder { get; }

    public bool HasServer => ReadyFile is not null;

    public int ServerProcess => JsonDocument.Parse(File.ReadAllText(ReadyFile!)).RootElement.GetProperty("processId").GetInt32();

    /// <summary>The address of its server, as objects carry it.</summary>
    public string Server => $"unix:{Path.Combine(Folder, "run", "server.sock")}";

    private string? ReadyFile => Directory.EnumerateFiles(Folder, "server.json", SearchOption.AllDirectories).FirstOrDefault();

    /// <summary>Ends the server without warning, as a crash would.</summary>
    public void KillServer()
    {
        using Process server = Process.GetProcessById(ServerProcess);
        server.Kill();
        server.WaitForExit();
    }

    /// <summary>Lets a server leave: the sandboxes it has started ahead go with it.</summary>
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
            int running = ServerProcess;
            if (!Directory.Exists($"/proc/{running}"))
            {
                // Killed by the test: what it left behind is removed by its successor.
                PowerShellProcess.Run(this, "$null = Start-SandboxServer");
            }

            RemoveSandboxesAsync().GetAwaiter().GetResult();
            using Process server = Process.GetProcessById(ServerProcess);
            Leave(server);
        }

        Directory.Delete(Folder, recursive: true);
    }

    private async Task RemoveSandboxesAsync()
    {
        using HttpClient client = new(ServerSocket.CreateHandler(Server)) { BaseAddress = new("http://sandbox"), Timeout = Wait.Limit };
        JsonElement all = await client.GetFromJsonAsync<JsonElement>("/v1/sandbox");
        foreach (JsonElement sandbox in all.GetProperty("sandboxes").EnumerateArray())
        {
            using HttpResponseMessage removed = await client.DeleteAsync(new Uri($"/v1/sandbox/{sandbox.GetProperty("id").GetString()}", UriKind.Relative));
            removed.EnsureSuccessStatusCode();
        }
    }
}
