using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Completes paths in a sandbox from the directory typed so far.</summary>
public class PathCompleter : ServerCompleter
{
    /// <summary>Whether the path is one in the sandbox; local paths are completed by PowerShell.</summary>
    /// <param name="bound">The arguments so far.</param>
    private protected virtual bool IsInside(BoundArguments bound) => true;

    /// <summary>The session and sandbox that are named.</summary>
    /// <param name="bound">The arguments so far.</param>
    private protected virtual (SessionReference? Session, SandboxReference? Sandbox) TargetOf(BoundArguments bound) => (bound.Session, bound.Sandbox);

    private protected override bool IsMatch(Suggestion found, string word) => true;

    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken)
    {
        if (!IsInside(bound))
        {
            return [];
        }

        string word = bound.Word;
        string directory = word[..(word.LastIndexOf('/') + 1)], prefix = word[directory.Length..];
        (SessionReference? session, SandboxReference? sandbox) = TargetOf(bound);
        ListOptions options = new() { Hidden = prefix.StartsWith('.'), Wake = false };
        List<Suggestion> found = [];
        await foreach (FileEntry entry in client.Sandbox(session?.SandboxId ?? sandbox?.Id ?? bound.DefaultSandbox).Session(session?.Id)
            .Item(directory.Length == 0 ? "." : directory).ListAsync(options, cancellationToken))
        {
            string name = entry.ExactPath[(entry.ExactPath.LastIndexOf('/') + 1)..];
            if (name.StartsWith(prefix, StringComparison.Ordinal) && PathText.IsText(name))
            {
                bool isDirectory = (entry.TargetType ?? entry.Type) == FileKind.Directory;
                string path = directory + name + (isDirectory ? "/" : "");
                found.Add(new Suggestion(
                    bound.IsLiteral ? path : WildcardPattern.Escape(path),
                    $"{entry.Type}, {entry.Size} bytes, {entry.ModifiedAt.LocalDateTime:yyyy-MM-dd HH:mm}"));
            }
        }

        return found;
    }
}

/// <summary>Completes <c>-Path</c> of <c>Copy-SandboxItem</c>: in the source sandbox, or local.</summary>
public sealed class CopyPathCompleter : PathCompleter
{
    private protected override bool IsInside(BoundArguments bound) => !IsTo(bound) || IsFrom(bound);

    private protected override (SessionReference? Session, SandboxReference? Sandbox) TargetOf(BoundArguments bound) =>
        (bound.SessionOf("FromSession"), bound.SandboxOf("FromSandbox"));

    private static bool IsTo(BoundArguments bound) => bound.Has("ToSession") || bound.Has("ToSandbox");

    private static bool IsFrom(BoundArguments bound) => bound.Has("FromSession") || bound.Has("FromSandbox");
}

/// <summary>Completes <c>-Destination</c> of <c>Copy-SandboxItem</c>: in the destination sandbox, or local.</summary>
public sealed class CopyDestinationCompleter : PathCompleter
{
    private protected override bool IsInside(BoundArguments bound) =>
        bound.Has("ToSession") || bound.Has("ToSandbox") || !(bound.Has("FromSession") || bound.Has("FromSandbox"));

    private protected override (SessionReference? Session, SandboxReference? Sandbox) TargetOf(BoundArguments bound) =>
        (bound.SessionOf("ToSession"), bound.SandboxOf("ToSandbox"));
}
