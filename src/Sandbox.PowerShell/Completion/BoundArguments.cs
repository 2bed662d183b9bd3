using System.Collections;

namespace Sandbox;

/// <summary>What a command line that is being written says already. Nothing in it is certain yet.</summary>
/// <param name="arguments">The arguments by parameter.</param>
/// <param name="parameter">The parameter that is completed.</param>
/// <param name="word">What is written of it, without quotes.</param>
/// <param name="defaultSandbox">The default sandbox.</param>
internal sealed class BoundArguments(IDictionary arguments, string parameter, string word, string defaultSandbox)
{
    /// <summary>What is written of the argument, without quotes.</summary>
    public string Word { get; } = word;

    /// <summary>The default sandbox.</summary>
    public string DefaultSandbox { get; } = defaultSandbox;

    /// <summary>Whether wildcards mean nothing in it.</summary>
    public bool IsLiteral => parameter is not "Path";

    /// <summary>The sandbox that is named; null for none.</summary>
    public SandboxReference? Sandbox => SandboxOf("Sandbox");

    /// <summary>The session that is named; null for none.</summary>
    public SessionReference? Session => SessionOf("Session");

    /// <summary>The sandbox that is named by session or id, or the default one.</summary>
    public string SandboxId => Session?.SandboxId ?? Sandbox?.Id ?? DefaultSandbox;

    /// <summary>The session that a parameter names; null for none.</summary>
    /// <param name="parameter">The parameter.</param>
    public SessionReference? SessionOf(string parameter) => PipelineTarget.Read<SessionReference>(First(parameter));

    /// <summary>The sandbox that a parameter names; null for none.</summary>
    /// <param name="parameter">The parameter.</param>
    public SandboxReference? SandboxOf(string parameter) => PipelineTarget.Read<SandboxReference>(First(parameter));

    /// <summary>Whether a parameter is given.</summary>
    /// <param name="parameter">The parameter.</param>
    public bool Has(string parameter) => arguments.Contains(parameter);

    private object? First(string name) => arguments[name] switch
    {
        string text => text,
        IEnumerable many => many.Cast<object?>().FirstOrDefault(),
        var one => one,
    };
}
