using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a code context.</summary>
public sealed class SandboxCodeContext
{
    internal SandboxCodeContext(ContextInfo info, SandboxHandle sandbox)
    {
        Id = info.Id;
        SandboxId = sandbox.Id;
        SessionId = info.SessionId;
        Language = info.Language;
        Interpreter = info.Interpreter;
        State = info.State;
        WorkingDirectory = info.Cwd;
        IsDefault = info.Default;
        TimeoutSeconds = info.TimeoutMs / 1000.0;
        CreatedAt = info.CreatedAt;
        Server = sandbox.Server;
    }

    /// <summary>The id, unique in the sandbox.</summary>
    public string Id { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The id of the session that provided the directory and variables; null for none.</summary>
    public string? SessionId { get; }

    /// <summary>Its language.</summary>
    public string Language { get; }

    /// <summary>The interpreter: a program, or <c>jupyter:</c> and the name of a kernel.</summary>
    public string Interpreter { get; }

    /// <summary>Whether code is running in it.</summary>
    public ContextState State { get; }

    /// <summary>The initial working directory of its code.</summary>
    public string WorkingDirectory { get; }

    /// <summary>Whether it is the default context of its language.</summary>
    public bool IsDefault { get; }

    /// <summary>The timeout of a run in seconds; null for none.</summary>
    public double? TimeoutSeconds { get; }

    /// <summary>The time of creation.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <summary>Returns <c>sandbox/context</c>, which is accepted wherever the id of a context is.</summary>
    public override string ToString() => $"{SandboxId}/{Id}";
}
