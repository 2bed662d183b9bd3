using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Changes at a path, or also below it. Whoever reads slowly is told that changes were lost, never left to believe that there were none.</summary>
internal sealed class FileWatcher : IDisposable
{
    private readonly DirectoryWatch _kernel = new();
    private readonly SemaphoreSlim _readable = new(0);
    private readonly EventLoop.Watch _watch;
    private readonly Dictionary<int, string> _directories = [];
    private readonly Dictionary<uint, (string Path, bool IsDirectory)> _movedAway = [];
    private readonly HashSet<string> _toldEarly = new(StringComparer.Ordinal);
    private readonly HashSet<string> _modified = new(StringComparer.Ordinal);
    private readonly List<FileChange> _changes = [];
    private readonly string _root;
    private readonly string? _onlyName;
    private readonly bool _recursive;
    private readonly GlobPattern? _filter;

    /// <summary>Begins to watch: what happens from now on is told.</summary>
    /// <param name="loop">Tells when there is something.</param>
    /// <param name="path">A directory, or a file, which is watched through its directory: it may be replaced.</param>
    /// <param name="recursive">Whether what is below a directory is watched too.</param>
    /// <param name="filter">Which names are told; null for all.</param>
    public FileWatcher(EventLoop loop, string path, bool recursive, GlobPattern? filter)
    {
        bool isDirectory = FileStatus.Of(SandboxPath.Native(path), follow: true).Type == FileType.Directory;
        _root = isDirectory ? path : SandboxPath.Parent(path);
        _onlyName = isDirectory ? null : SandboxPath.Name(path);
        (_recursive, _filter) = (recursive && isDirectory, filter);
        try
        {
            Add(_root, tell: false);
            _watch = loop.Add(_kernel.Descriptor, OnReadable);
        }
        catch
        {
            _kernel.Dispose();
            throw;
        }
    }

    /// <summary>Whether what is watched is gone.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Waits for something to tell; false when the patience ends before.</summary>
    /// <param name="patience">How long.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<bool> WaitAsync(TimeSpan patience, CancellationToken cancellationToken) => _readable.WaitAsync(patience, cancellationToken);

    /// <summary>What there is to tell.</summary>
    public IReadOnlyList<FileChange> Read()
    {
        _changes.Clear();
        _modified.Clear();
        while (_kernel.Read(OnEvent))
        {
        }

        // The other half of a move comes right behind the first; what has none went outside.
        foreach ((string path, bool isDirectory) in _movedAway.Values)
        {
            Forget(path);
            Tell(FileChangeType.Deleted, path, isDirectory);
        }

        _movedAway.Clear();
        _watch.Resume();
        return _changes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        _kernel.Dispose();
        _readable.Dispose();
    }

    private void OnReadable()
    {
        _watch.Pause();
        _readable.Release();
    }

    private void OnEvent(int number, WatchEvent what, uint cookie, ReadOnlySpan<byte> bytes)
    {
        if (what.HasFlag(WatchEvent.Overflow))
        {
            // Directories that were made unseen are watched from now on.
            Tell(FileChangeType.Overflow, _root, true);
            TryAdd(_root, tell: false);
        }
        else if (what.HasFlag(WatchEvent.Ignored))
        {
            _directories.Remove(number);
        }
        else if (_directories.TryGetValue(number, out string? directory))
        {
            if (bytes.Length > 0)
            {
                OnEntry(what, cookie, directory, PathText.FromBytes(bytes));
            }
            else if (directory == _root && (what & (WatchEvent.SelfDeleted | WatchEvent.SelfMoved)) != 0)
            {
                HasEnded = true;
                Tell(FileChangeType.Deleted, _root, true);
            }
        }
    }

    private void OnEntry(WatchEvent what, uint cookie, string directory, string name)
    {
        string path = SandboxPath.Join(directory, name);
        bool isDirectory = what.HasFlag(WatchEvent.IsDirectory);
        switch (what & ~WatchEvent.IsDirectory)
        {
            case WatchEvent.MovedFrom:
                _movedAway[cookie] = (path, isDirectory);
                break;
            case WatchEvent.MovedTo when _movedAway.Remove(cookie, out (string Path, bool IsDirectory) from):
                OnMoved(from.Path, path, isDirectory);
                break;
            case WatchEvent.MovedTo or WatchEvent.Created when !_toldEarly.Remove(path):
                OnCreated(path, isDirectory);
                break;
            case WatchEvent.Deleted:
                _toldEarly.Remove(path);
                Tell(FileChangeType.Deleted, path, isDirectory);
                break;
            case WatchEvent.Modified when _modified.Add(path):
                Tell(FileChangeType.Modified, path, isDirectory);
                break;
            case WatchEvent.Attributes:
                Tell(FileChangeType.Attributes, path, isDirectory);
                break;
        }
    }

    private void OnCreated(string path, bool isDirectory)
    {
        Tell(FileChangeType.Created, path, isDirectory);
        if (isDirectory && _recursive)
        {
            TryAdd(path, tell: true);
        }
    }

    private void OnMoved(string from, string to, bool isDirectory)
    {
        string name = SandboxPath.Name(from);
        if (TemporaryName.Is(name))
        {
            Tell(TemporaryName.IsOfNew(name) ? FileChangeType.Created : FileChangeType.Modified, to, isDirectory);
            if (isDirectory && _recursive)
            {
                TryAdd(to, tell: true);
            }

            return;
        }

        foreach ((int number, string path) in _directories.Where(known => IsAtOrBelow(known.Value, from)).ToArray())
        {
            _directories[number] = to + path[from.Length..];
        }

        Tell(FileChangeType.Moved, to, isDirectory, from);
    }

    private void Forget(string path)
    {
        foreach ((int number, _) in _directories.Where(known => IsAtOrBelow(known.Value, path)).ToArray())
        {
            _kernel.Remove(number);
            _directories.Remove(number);
        }
    }

    private void Tell(FileChangeType type, string path, bool isDirectory, string? oldPath = null)
    {
        string name = SandboxPath.Name(path);
        bool isWanted = type == FileChangeType.Overflow || HasEnded || (!TemporaryName.Is(name) && IsWanted(name)) || (oldPath is not null && IsWanted(SandboxPath.Name(oldPath)));
        if (isWanted)
        {
            _changes.Add(new FileChange
            {
                Type = type,
                Path = PathText.ToDisplay(path),
                RawPath = PathText.IsText(path) ? null : PathText.Escape(path),
                OldPath = oldPath is null ? null : PathText.ToDisplay(oldPath),
                RawOldPath = oldPath is null || PathText.IsText(oldPath) ? null : PathText.Escape(oldPath),
                IsDirectory = isDirectory,
            });
        }
    }

    private bool IsWanted(string name) => (_onlyName is null || name == _onlyName) && _filter?.IsMatch(name) != false;

    private void Add(string directory, bool tell)
    {
        try
        {
            _directories[_kernel.Add(SandboxPath.Native(directory), onlyDirectory: true)] = directory;
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode == ErrorNumbers.NoSpace)
        {
            throw new ApiException(ErrorCodes.WatchLimitReached, "The sandbox's kernel watches no more directories for this user. Watch fewer, or raise fs.inotify.max_user_watches on the host.", exception);
        }

        if (!_recursive)
        {
            return;
        }

        // Watched first, listed second: what is made in between is told twice by the kernel and the list, which the set undoes.
        foreach ((string name, FileStatus status) in DirectoryListing.Read(directory, hidden: true).Where(entry => !TemporaryName.Is(entry.Name)))
        {
            string path = SandboxPath.Join(directory, name);
            bool isDirectory = status.Type == FileType.Directory;
            if (tell && _toldEarly.Add(path))
            {
                Tell(FileChangeType.Created, path, isDirectory);
            }

            if (isDirectory)
            {
                TryAdd(path, tell);
            }
        }
    }

    private void TryAdd(string directory, bool tell)
    {
        try
        {
            Add(directory, tell);
        }
        catch (Win32Exception)
        {
            // Gone again, or not ours to look into.
        }
    }

    private static bool IsAtOrBelow(string path, string directory) => path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);
}
