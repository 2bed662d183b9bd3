using System.Buffers.Binary;

namespace Sandbox.Linux;

/// <summary>Watches files and directories. See inotify(7).</summary>
public sealed class Inotify : IDisposable
{
    private const int HeaderLength = 16;
    private const uint OnlyDirectories = 0x0100_0000;
    private const uint Once = 0x8000_0000;
    private const WatchEvent Wanted = WatchEvent.Modified | WatchEvent.Attributes | WatchEvent.MovedFrom | WatchEvent.MovedTo
        | WatchEvent.Created | WatchEvent.Deleted | WatchEvent.SelfDeleted | WatchEvent.SelfMoved;

    private readonly byte[] _buffer = new byte[64 * 1024];

    public Inotify() => Descriptor = FileDescriptor.Adopt(LibC.Check(LibC.inotify_init1(LibC.IN_NONBLOCK | LibC.IN_CLOEXEC), "inotify"));

    /// <summary>Gets the descriptor that is readable when there are events.</summary>
    public FileDescriptor Descriptor { get; }

    /// <summary>Adds a watch; a link is followed. Returns the watch's number, which is the same for the same directory.</summary>
    public int Add(LinuxPath path, bool onlyDirectory) =>
        LibC.Check(LibC.inotify_add_watch(Descriptor.Number, path.Terminated, (uint)Wanted | (onlyDirectory ? OnlyDirectories : 0)), path.ToString());

    /// <summary>Adds a watch for the first opening of a file; a link is followed. Returns the watch's number.</summary>
    public int AddOpening(LinuxPath path) =>
        LibC.Check(LibC.inotify_add_watch(Descriptor.Number, path.Terminated, (uint)WatchEvent.Opened | Once), path.ToString());

    /// <summary>Removes a watch; does nothing for one that has ended.</summary>
    public void Remove(int number) => _ = LibC.inotify_rm_watch(Descriptor.Number, number);

    /// <summary>Reads the available events in order, without waiting. Returns false when there were none.</summary>
    public bool Read(EventSink onEvent)
    {
        int count = Descriptor.Read(_buffer);
        for (ReadOnlySpan<byte> rest = _buffer.AsSpan(0, Math.Max(count, 0)); rest.Length > 0;)
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

    /// <inheritdoc />
    public void Dispose() => Descriptor.Dispose();

    /// <summary>Receives an event.</summary>
    /// <param name="number">The watch; -1 for an overflow.</param>
    /// <param name="cookie">Connects the two halves of a move.</param>
    /// <param name="name">The entry, valid during the call; empty for the watched file or directory itself.</param>
    public delegate void EventSink(int number, WatchEvent what, uint cookie, ReadOnlySpan<byte> name);
}

/// <summary>Event flags of inotify(7).</summary>
[Flags]
public enum WatchEvent : uint
{
    None = 0,
    Modified = 0x2,

    /// <summary>Permissions, owner, times or the link count changed.</summary>
    Attributes = 0x4,
    Opened = 0x20,
    MovedFrom = 0x40,
    MovedTo = 0x80,
    Created = 0x100,
    Deleted = 0x200,
    SelfDeleted = 0x400,
    SelfMoved = 0x800,
    Overflow = 0x4000,
    Ignored = 0x8000,
    IsDirectory = 0x4000_0000,
}
