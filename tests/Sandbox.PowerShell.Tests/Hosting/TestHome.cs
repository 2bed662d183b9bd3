using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Sandbox.Tests;

/// <summary>Directory for a server of its own. Disposing it ends the server and removes its sandboxes.</summary>
public sealed class TestHome : IDisposable
{
    // Traversable by the users of sandboxes, who must reach their programs.
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public TestHome()
    {
        // Short, because socket paths have a limit. Unique, because several test runs may create one concurrently.
        Folder = Directory.CreateTempSubdirectory("sbx").FullName;
        File.SetUnixFileMode(Folder, Mode);
    }

    public string Folder { get; }

    public bool HasServer => ReadyFile is not null;

    public int ServerProcess => JsonDocument.Parse(File.ReadAllText(ReadyFile!)).RootElement.GetProperty("processId").GetInt32();

    /// <summary>Gets the address of the server in the form that objects carry.</summary>
    public string Server => $"unix:{Path.Combine(Folder, "run", "server.sock")}";

    private string? ReadyFile => Directory.EnumerateFiles(Folder, "server.json", SearchOption.AllDirectories).FirstOrDefault();

    /// <summary>Kills the server, as a crash would.</summary>
    public void KillServer()
    {
        using Process server = Process.GetProcessById(ServerProcess);
        server.Kill();
        server.WaitForExit();
    }

    /// <summary>Lets a server exit, which removes its pooled sandboxes.</summary>
    public static void ExitServer(Process server)
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
                // The server was killed by the test: the next server removes what it left behind.
                PowerShellProcess.Run(this, "$null = Start-SandboxServer");
            }

            RemoveSandboxesAsync().GetAwaiter().GetResult();
            using Process server = Process.GetProcessById(ServerProcess);
            ExitServer(server);
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
