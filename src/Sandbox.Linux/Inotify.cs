using System.Buffers.Binary;

namespace Sandbox.Linux;

/// <summary>Changes in directories, as the kernel tells them. See inotify(7).</summary>
public sealed class DirectoryWatch : IDisposable
{
    private const int HeaderLength = 16;
    private const uint OnlyDirectories = 0x0100_0000;
    private const uint Once = 0x8000_0000;
    private const WatchEvent Wanted = WatchEvent.Modified | WatchEvent.Attributes | WatchEvent.MovedFrom | WatchEvent.MovedTo
        | WatchEvent.Created | WatchEvent.Deleted | WatchEvent.SelfDeleted | WatchEvent.SelfMoved;

    private readonly byte[] buffer = new byte[64 * 1024];

    /// <summary>Begins to watch nothing.</summary>
    public DirectoryWatch() => Descriptor = FileDescriptor.Adopt(LibC.Check(LibC.inotify_init1(LibC.IN_NONBLOCK | LibC.IN_CLOEXEC), "inotify"));

    /// <summary>Is readable when there is something to tell.</summary>
    public FileDescriptor Descriptor { get; }

    /// <summary>Watches one more directory, or file.</summary>
    /// <param name="path">The path; a link is followed.</param>
    /// <param name="onlyDirectory">Whether it must be a directory.</param>
    /// <returns>The number by which its events are told; the same for the same directory.</returns>
    public int Add(LinuxPath path, bool onlyDirectory) =>
        LibC.Check(LibC.inotify_add_watch(Descriptor.Number, path.Terminated, (uint)Wanted | (onlyDirectory ? OnlyDirectories : 0)), path.ToString());

    /// <summary>Waits for a file to be opened; after that it is watched no more.</summary>
    /// <param name="path">The path; a link is followed.</param>
    /// <returns>The number by which that is told.</returns>
    public int AddOpening(LinuxPath path) => LibC.Check(LibC.inotify_add_watch(Descriptor.Number, path.Terminated, (uint)WatchEvent.Opened | Once), path.ToString());

    /// <summary>Watches a directory no more; one that is gone is fine.</summary>
    /// <param name="number">Its number.</param>
    public void Remove(int number) => _ = LibC.inotify_rm_watch(Descriptor.Number, number);

    /// <summary>What there is to tell now, without waiting.</summary>
    /// <param name="onEvent">Takes the events in order; the name is good for the call alone.</param>
    /// <returns>Whether there was something.</returns>
    public bool Read(EventSink onEvent)
    {
        ArgumentNullException.ThrowIfNull(onEvent);
        int count = Descriptor.Read(buffer);
        for (ReadOnlySpan<byte> rest = buffer.AsSpan(0, Math.Max(count, 0)); rest.Length > 0;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest[12..]);
            ReadOnlySpan<byte> name = rest.Slice(HeaderLength, length);
            onEvent(
                BinaryPrimitives.ReadInt32LittleEndian(rest),
                (WatchEvent)BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]),
                BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]),
                name.IndexOf((byte)0) is var end and >= 0 ? name[..end] : name);
            rest = rest[(HeaderLength + length)..];
        }

        return count > 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();

    /// <summary>Takes an event.</summary>
    /// <param name="number">Which directory; -1 for an overflow.</param>
    /// <param name="what">What happened.</param>
    /// <param name="cookie">Joins the two halves of a move.</param>
    /// <param name="name">To which entry; empty for the directory itself.</param>
    public delegate void EventSink(int number, WatchEvent what, uint cookie, ReadOnlySpan<byte> name);
}

/// <summary>What the kernel tells of a watched directory.</summary>
[Flags]
public enum WatchEvent : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Content was written.</summary>
    Modified = 0x2,

    /// <summary>Permissions, owner, times or the number of names changed.</summary>
    Attributes = 0x4,

    /// <summary>It was opened.</summary>
    Opened = 0x20,

    /// <summary>An entry was moved away.</summary>
    MovedFrom = 0x40,

    /// <summary>An entry was moved here.</summary>
    MovedTo = 0x80,

    /// <summary>An entry was made.</summary>
    Created = 0x100,

    /// <summary>An entry was removed.</summary>
    Deleted = 0x200,

    /// <summary>What is watched was removed.</summary>
    SelfDeleted = 0x400,

    /// <summary>What is watched was moved.</summary>
    SelfMoved = 0x800,

    /// <summary>More happened than the kernel keeps.</summary>
    Overflow = 0x4000,

    /// <summary>The watch has ended.</summary>
    Ignored = 0x8000,

    /// <summary>The entry is a directory.</summary>
    IsDirectory = 0x4000_0000,
}
