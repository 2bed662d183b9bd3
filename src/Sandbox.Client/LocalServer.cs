using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Finds or starts the local server of this user by running <c>sandboxd start</c>.</summary>
public static class LocalServer
{
    private const string Program = "sandboxd";

    // A server that replaces an older one first waits for it to exit.
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    /// <summary>Runs <c>sandboxd start</c> and returns its message when the server is ready.</summary>
    /// <param name="settings">Where the server keeps its files.</param>
    /// <param name="folder">The folder that contains <c>server/&lt;rid&gt;/</c>; the module's own when null.</param>
    /// <param name="cancellationToken">Cancels waiting; the server continues to start.</param>
    /// <exception cref="ApiException">The server is not installed or cannot start.</exception>
    public static async Task<ReadyMessage> StartAsync(ClientSettings settings, string? folder, CancellationToken cancellationToken)
    {
        using Process process = new() { StartInfo = Describe(settings, folder ?? Path.GetDirectoryName(typeof(LocalServer).Assembly.Location) ?? ".") };
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(StartLimit);
        try
        {
            process.Start();
            process.StandardInput.Close();
            Task<string> complaint = process.StandardError.ReadToEndAsync(limited.Token);
            string? line = await process.StandardOutput.ReadLineAsync(limited.Token);
            return line is not null && Read(line) is { } ready ? ready : throw Failure(await complaint);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ApiException(ErrorCodes.ServerStartFailed, $"'{process.StartInfo.FileName}' cannot be run: {e.Message}.", e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(ErrorCodes.ServerStartFailed, $"The local server did not become ready within {StartLimit.TotalSeconds:0} s.");
        }
    }

    private static ProcessStartInfo Describe(ClientSettings settings, string folder)
    {
        string[] candidates =
        [
            .. new[] { RuntimeInformation.RuntimeIdentifier, $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}" }
                .Distinct().Select(rid => Path.Combine(folder, "server", rid)),
        ];
        foreach (string candidate in candidates)
        {
            string native = Path.Combine(candidate, Program);
            string managed = native + ".dll";
            if (File.Exists(native))
            {
                return Quiet(settings, native, "start");
            }

            if (File.Exists(managed))
            {
                return Quiet(settings, settings.DotnetHost ?? "dotnet", managed, "start");
            }
        }

        throw new ApiException(ErrorCodes.ServerNotInstalled,
            $"The local server '{Path.Combine(candidates[0], Program)}' is missing. "
            + "Sandboxes run on Linux; on other systems set SANDBOX_URI to the address of a server.");
    }

    private static ProcessStartInfo Quiet(ClientSettings settings, string file, params string[] arguments) => new(file, arguments)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        // The server must not keep the current directory of the caller in use.
        WorkingDirectory = "/",
        // The environment of this process may have changed since the settings were read; null removes a variable.
        Environment =
        {
            [ClientSettings.HomeVariable] = settings.Home,
            [ClientSettings.StateHomeVariable] = settings.StateHome,
            [ClientSettings.RuntimeDirectoryVariable] = settings.RuntimeDirectory,
            // A framework-dependent program would open a socket by which other processes of its user load code into it.
            ["DOTNET_EnableDiagnostics"] = "0",
        },
    };

    private static ReadyMessage? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ProtocolJson.Default.ReadyMessage);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ApiException Failure(string complaint)
    {
        foreach (string line in complaint.Split('\n').Where(line => line.StartsWith('{')))
        {
            try
            {
                if (JsonSerializer.Deserialize(line, ProtocolJson.Default.ErrorBody) is { Code: not null, Error: not null } body)
                {
                    return body.ToException(isFromSandbox: false);
                }
            }
            catch (JsonException)
            {
                // Not an error message in JSON.
            }
        }

        string said = complaint.Trim();
        return new(ErrorCodes.ServerStartFailed, said.Length == 0
            ? "The local server exited before it was ready, without an error message."
            : $"The local server exited before it was ready. Its error output:  {(said.Length > 2000 ? said[^2000..] : said)}");
    }
}
