using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a server.</summary>
public sealed class SandboxServer
{
    internal SandboxServer(string? uri, ServerInfo? info, bool isLocal, string defaultSandbox)
    {
        Uri = uri;
        State = info is null ? SandboxServerState.Stopped : SandboxServerState.Running;
        IsLocal = isLocal;
        DefaultSandbox = defaultSandbox;
        Version = info?.Version;
        ApiVersion = info?.ApiVersion;
        ProcessId = info is { ProcessId: > 0 } ? info.ProcessId : null;
        StartedAt = info is { StartedAt.Ticks: > 0 } ? info.StartedAt : null;
        Capabilities = [.. info?.Capabilities ?? []];
    }

    /// <summary>Its address; null for a local server that does not run.</summary>
    public string? Uri { get; }

    /// <summary>Whether it is running. A local server is started by the first cmdlet that needs it.</summary>
    public SandboxServerState State { get; }

    /// <summary>Whether it is this user's server on this machine.</summary>
    public bool IsLocal { get; }

    /// <summary>The default sandbox.</summary>
    public string DefaultSandbox { get; }

    /// <summary>The version of the module that it belongs to.</summary>
    public string? Version { get; }

    /// <summary>The version of the API.</summary>
    public string? ApiVersion { get; }

    /// <summary>Its process id on its host.</summary>
    public int? ProcessId { get; }

    /// <summary>The start time.</summary>
    public DateTimeOffset? StartedAt { get; }

    /// <summary>The names of its capabilities.</summary>
    public string[] Capabilities { get; }

    /// <inheritdoc />
    public override string ToString() => Uri ?? "";
}
