using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Watches a path, or also everything below it. A slow reader is told that changes were lost.</summary>
internal sealed class FileWatcher : IDisposable
{
    private readonly Inotify _kernel = new();
    private readonly SemaphoreSlim _readable = new(0);
    private readonly EventLoop.Watch _watch;
    private readonly Dictionary<int, string> _directories = [];
    private readonly Dictionary<uint, (string Path, bool IsDirectory)> _movedAway = [];
    private readonly HashSet<string> _reportedEarly = new(StringComparer.Ordinal);
    private readonly HashSet<string> _modified = new(StringComparer.Ordinal);
    private readonly List<FileChange> _changes = [];
    private readonly string _root;
    private readonly string? _onlyName;
    private readonly bool _recursive;
    private readonly GlobPattern? _filter;
    private readonly ExcludeScope _excludes;

    /// <summary>Starts watching.</summary>
    /// <param name="recursive">Whether subdirectories are watched, too.</param>
    /// <param name="filter">The names that are reported; null for all.</param>
    /// <param name="excludes">What is not reported, with what lies below it.</param>
    public FileWatcher(EventLoop loop, string path, bool recursive, GlobPattern? filter, ExcludeScope excludes)
    {
        bool isDirectory = FileStatus.Of(SandboxPath.Native(path), follow: true).Type == FileType.Directory;
        _root = isDirectory ? path : SandboxPath.Parent(path);
        _onlyName = isDirectory ? null : SandboxPath.Name(path);
        (_recursive, _filter, _excludes) = (recursive && isDirectory, filter, excludes);
        try
        {
            Add(_root, report: false);
            _watch = loop.Add(_kernel.Descriptor, OnReadable);
        }
        catch
        {
            _kernel.Dispose();
            throw;
        }
    }

    /// <summary>Whether the watched directory is gone.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Waits for changes; false when the time is over.</summary>
    public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => _readable.WaitAsync(timeout, cancellationToken);

    /// <summary>Gets the changes since the last call.</summary>
    public IReadOnlyList<FileChange> Read()
    {
        _changes.Clear();
        _modified.Clear();
        while (_kernel.Read(OnEvent))
        {
        }

        // The second half of a move follows the first directly; a move without one went outside.
        foreach ((string path, bool isDirectory) in _movedAway.Values)
        {
            Forget(path);
            Report(FileChangeType.Deleted, path, isDirectory);
        }

        _movedAway.Clear();
        _watch.Resume();
        return _changes;
    }

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
            // Starts to watch directories whose creation was missed.
            Report(FileChangeType.Overflow, _root, true);
            TryAdd(_root, report: false);
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
                Report(FileChangeType.Deleted, _root, true);
            }
        }
    }

    private void OnEntry(WatchEvent what, uint cookie, string directory, string name)
    {
        string path = SandboxPath.Join(directory, name);
        bool isDirectory = what.HasFlag(WatchEvent.IsDirectory);
        if (IsUnnamed(name, what) && FileStatus.TryOf(SandboxPath.Native(path), follow: false) is null)
        {
            return;
        }

        switch (what & ~WatchEvent.IsDirectory)
        {
            case WatchEvent.MovedFrom:
                _movedAway[cookie] = (path, isDirectory);
                break;
            case WatchEvent.MovedTo when _movedAway.Remove(cookie, out (string Path, bool IsDirectory) from):
                OnMoved(from.Path, path, isDirectory);
                break;
            case WatchEvent.MovedTo or WatchEvent.Created when !_reportedEarly.Remove(path):
                OnCreated(path, isDirectory);
                break;
            case WatchEvent.Deleted:
                _reportedEarly.Remove(path);
                Report(FileChangeType.Deleted, path, isDirectory);
                break;
            case WatchEvent.Modified when _modified.Add(path):
                Report(FileChangeType.Modified, path, isDirectory);
                break;
            case WatchEvent.Attributes:
                Report(FileChangeType.Attributes, path, isDirectory);
                break;
        }
    }

    // The kernel reports files without a name as '#' and their number.
    private static bool IsUnnamed(string name, WatchEvent what) =>
        what is WatchEvent.Modified or WatchEvent.Attributes && name is ['#', _, ..] && name.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;

    private void OnCreated(string path, bool isDirectory)
    {
        Report(FileChangeType.Created, path, isDirectory);
        if (isDirectory && _recursive && !IsExcluded(path, isDirectory))
        {
            TryAdd(path, report: true);
        }
    }

    private void OnMoved(string from, string to, bool isDirectory)
    {
        string name = SandboxPath.Name(from);
        if (TemporaryName.Is(name))
        {
            Report(TemporaryName.IsOfNew(name) ? FileChangeType.Created : FileChangeType.Modified, to, isDirectory);
            if (isDirectory && _recursive)
            {
                TryAdd(to, report: true);
            }

            return;
        }

        foreach ((int number, string path) in _directories.Where(known => IsAtOrBelow(known.Value, from)).ToArray())
        {
            _directories[number] = to + path[from.Length..];
        }

        Report(FileChangeType.Moved, to, isDirectory, from);
    }

    private void Forget(string path)
    {
        foreach ((int number, _) in _directories.Where(known => IsAtOrBelow(known.Value, path)).ToArray())
        {
            _kernel.Remove(number);
            _directories.Remove(number);
        }
    }

    private void Report(FileChangeType type, string path, bool isDirectory, string? oldPath = null)
    {
        string name = SandboxPath.Name(path);
        bool isWanted = type == FileChangeType.Overflow || HasEnded || (!TemporaryName.Is(name) && IsWanted(path, isDirectory))
            || (oldPath is not null && IsWanted(oldPath, isDirectory));
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

    private bool IsWanted(string path, bool isDirectory)
    {
        string name = SandboxPath.Name(path);
        return (_onlyName is null || name == _onlyName) && _filter?.IsMatch(name) != false && !IsExcluded(path, isDirectory);
    }

    private bool IsExcluded(string path, bool isDirectory) => path != _root && _excludes.HasOrIsBelow(path[_root.Length..].TrimStart('/'), isDirectory);

    private void Add(string directory, bool report)
    {
        try
        {
            _directories[_kernel.Add(SandboxPath.Native(directory), onlyDirectory: true)] = directory;
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode == Errno.ENOSPC)
        {
            throw new ApiException(
                ErrorCodes.WatchLimitReached,
                "The limit of watched directories is reached. Watch fewer, or raise fs.inotify.max_user_watches on the host.", exception);
        }

        if (!_recursive)
        {
            return;
        }

        // Watch before listing; the set removes duplicates of entries created in between.
        foreach ((string name, FileStatus status) in DirectoryListing.Read(directory, hidden: true).Where(entry => !TemporaryName.Is(entry.Name)))
        {
            string path = SandboxPath.Join(directory, name);
            bool isDirectory = status.Type == FileType.Directory;
            if (report && _reportedEarly.Add(path))
            {
                Report(FileChangeType.Created, path, isDirectory);
            }

            if (isDirectory && !IsExcluded(path, isDirectory))
            {
                TryAdd(path, report);
            }
        }
    }

    private void TryAdd(string directory, bool report)
    {
        try
        {
            Add(directory, report);
        }
        catch (Win32Exception)
        {
            // It is gone again, or not readable.
        }
    }

    private static bool IsAtOrBelow(string path, string directory) => path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);
}
