using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a code context.</summary>
public sealed class SandboxCodeContext
{
    internal SandboxCodeContext(ContextInfo info, string sandboxId, string server)
    {
        Id = info.Id;
        SandboxId = sandboxId;
        SessionId = info.SessionId;
        Language = info.Language;
        Interpreter = info.Interpreter;
        State = info.State;
        WorkingDirectory = info.Cwd;
        IsDefault = info.Default;
        TimeoutSeconds = info.TimeoutMs / 1000.0;
        CreatedAt = info.CreatedAt;
        Server = server;
    }

    /// <summary>Its key in its sandbox.</summary>
    public string Id { get; }

    /// <summary>Its sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The session that gave it its directory and variables, if one did.</summary>
    public string? SessionId { get; }

    /// <summary>Its language.</summary>
    public string Language { get; }

    /// <summary>What runs its code: a program, or <c>jupyter:</c> and a kernel's name.</summary>
    public string Interpreter { get; }

    /// <summary>Whether code runs in it.</summary>
    public ContextState State { get; }

    /// <summary>Where its code started.</summary>
    public string WorkingDirectory { get; }

    /// <summary>Whether it is the one that is used for its language when none is named.</summary>
    public bool IsDefault { get; }

    /// <summary>The limit for its runs, if it has one.</summary>
    public double? TimeoutSeconds { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The address of its server.</summary>
    public string Server { get; }

    /// <summary><c>sandbox/context</c>, which is taken wherever a context's id is.</summary>
    public override string ToString() => $"{SandboxId}/{Id}";
}
