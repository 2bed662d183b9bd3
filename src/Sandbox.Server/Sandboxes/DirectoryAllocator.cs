using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>Allocates directories for new sandboxes. A number is not used again while files of it exist, and all others are used first.</summary>
internal sealed class DirectoryAllocator(ServerHome home)
{
    private readonly Lock _gate = new();
    private int _next = AtomicFile.TryReadJson(home.NumbersFile, RecordJson.Default.NextNumber, ServerLog.Write)?.Next ?? 1;

    public SandboxDirectories Allocate()
    {
        lock (_gate)
        {
            for (int tried = 0; tried < ServerHome.MaxSandboxes; tried++)
            {
                SandboxDirectories directories = home.DirectoriesOf(_next);
                _next = _next + 1 < ServerHome.MaxSandboxes ? _next + 1 : 1;
                if (!Directory.Exists(directories.Top))
                {
                    AtomicFile.WriteJson(home.NumbersFile, new NextNumber(_next), RecordJson.Default.NextNumber);
                    return directories;
                }
            }

            throw new IOException($"This server has {ServerHome.MaxSandboxes} sandboxes, which is the maximum. Remove some.");
        }
    }
}
