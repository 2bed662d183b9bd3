using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>A copy of the host's list of name servers, the only file that slirp4netns sees. It is kept up to date while this server runs.</summary>
/// <remarks>A mounted file would stay the old one when the host replaces its list, and the list's directory contains more.</remarks>
internal sealed class NameServers : IDisposable
{
    private const string Source = "/etc/resolv.conf";
    private const UnixFileMode ReadByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode PassedByAll = ReadByAll | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly Lock _gate = new();
    private readonly string _copy;
    private readonly List<FileSystemWatcher> _watchers = [];

    public NameServers(ServerHome home)
    {
        Directory = home.NameServers;
        ServerHome.Make(Directory, PassedByAll);
        _copy = Path.Combine(Directory, Path.GetFileName(Source));
        Update();

        // A service may write to the file that the list is a link to.
        Watch(Source);
        if (File.ResolveLinkTarget(Source, returnFinalTarget: true) is { } target)
        {
            Watch(target.FullName);
        }
    }

    /// <summary>Gets the directory of the copy.</summary>
    public string Directory { get; }

    public void Dispose() => _watchers.ForEach(watcher => watcher.Dispose());

    private void Watch(string file)
    {
        try
        {
            FileSystemWatcher watcher = new(Path.GetDirectoryName(file)!, Path.GetFileName(file));
            _watchers.Add(watcher);
            watcher.Changed += OnChanged;
            watcher.Created += OnChanged;
            watcher.Renamed += OnChanged;
            watcher.EnableRaisingEvents = true;
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            ServerLog.Write($"Sandboxes will not see changes of '{file}'", exception);
        }
    }

    private void OnChanged(object? sender, FileSystemEventArgs change) => Update();

    private void Update()
    {
        lock (_gate)
        {
            try
            {
                byte[] list = File.Exists(Source) ? File.ReadAllBytes(Source) : [];
                if (!File.Exists(_copy) || !File.ReadAllBytes(_copy).AsSpan().SequenceEqual(list))
                {
                    AtomicFile.Write(_copy, ReadByAll, stream => stream.Write(list));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                ServerLog.Write($"'{Source}' could not be copied for sandboxes", exception);
            }
        }
    }
}
