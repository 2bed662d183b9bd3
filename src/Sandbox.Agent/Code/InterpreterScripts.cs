
namespace Sandbox.Agent.Code;

/// <summary>The scripts that run code in an interpreter. They are resources of this program, written to files that interpreters can read.</summary>
internal static class InterpreterScripts
{
    private const UnixFileMode ReadableByAll = (UnixFileMode)0x1a4;

    public const string Python = "python.py";

    public const string Node = "node.cjs";

    /// <summary>Writes a script to a file.</summary>
    /// <returns>The file's path.</returns>
    public static string Place(string name, string runtime)
    {
        string directory = Path.Combine(runtime, "drivers");
        string file = Path.Combine(directory, name);
        Directory.CreateDirectory(directory);

        // Rewritten atomically at each start: sandboxed code may have changed it, and other interpreters may be reading it.
        using Stream script = typeof(InterpreterScripts).Assembly.GetManifestResourceStream(name)!;
        AtomicFile.Write(file, ReadableByAll, script.CopyTo);
        return file;
    }
}
