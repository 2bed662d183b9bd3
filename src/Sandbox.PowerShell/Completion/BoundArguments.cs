using System.Collections;

namespace Sandbox;

/// <summary>What a command line that is being written says already. Nothing in it is certain yet.</summary>
/// <param name="arguments">The arguments by parameter.</param>
internal sealed class BoundArguments(IDictionary arguments)
{
    /// <summary>The sandbox that is named; null for none.</summary>
    public SandboxReference? Sandbox => SandboxReference.From(First("Sandbox"));

    /// <summary>The session that is named; null for none.</summary>
    public SessionReference? Session => SessionReference.From(First("Session"));

    private object? First(string parameter) => arguments[parameter] switch
    {
        string text => text,
        IEnumerable many => many.Cast<object?>().FirstOrDefault(),
        var one => one,
    };
}
