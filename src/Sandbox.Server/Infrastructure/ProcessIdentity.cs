using Sandbox.Linux;

namespace Sandbox.Server.Infrastructure;

/// <summary>A process, identified so that no later one with the same id is mistaken for it.</summary>
/// <param name="Id">Its process id.</param>
/// <param name="Start">See <see cref="ProcessEntry.StartTime"/>.</param>
internal sealed record ProcessIdentity(int Id, ulong Start)
{
    public static ProcessIdentity Of(ProcessEntry entry) => new(entry.Id, entry.StartTime);

    /// <summary>Returns the process, or null after it has exited.</summary>
    public ProcessEntry? Find() => ProcessTable.Find(Id) is { IsAlive: true } entry && entry.StartTime == Start ? entry : null;
}
