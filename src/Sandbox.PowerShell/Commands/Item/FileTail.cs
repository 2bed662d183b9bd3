using System.Text;
using Sandbox.Client;

namespace Sandbox;

/// <summary>The last lines of a file, read from its end: of a large one only what is needed.</summary>
/// <param name="remote">The file.</param>
/// <param name="encoding">Its encoding, where no byte order mark says another.</param>
internal sealed class FileTail(RemotePath remote, Encoding encoding)
{
    private const long FirstPiece = 64 * 1024;

    // In UTF-8 a line break is always a byte of its own.
    private bool IsByteWise => encoding is UTF8Encoding || encoding.IsSingleByte;

    /// <summary>Reads the lines.</summary>
    public async Task<IReadOnlyCollection<string>> ReadAsync(int count, CancellationToken cancellationToken)
    {
        for (long piece = IsByteWise ? FirstPiece : long.MaxValue; ; piece *= 8)
        {
            await using SandboxFileStream file = await remote.OpenAsync(piece == long.MaxValue ? 0 : -piece, cancellationToken);
            bool isWhole = piece >= file.Size;
            using StreamReader reader = new(file, encoding, detectEncodingFromByteOrderMarks: isWhole);
            LastLines last = new(count);
            bool isCut = !isWhole;
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (isCut)
                {
                    // It began before what was read.
                    isCut = false;
                    continue;
                }

                last.Add(line);
            }

            if (isWhole || last.Lines.Count >= count)
            {
                return last.Lines;
            }
        }
    }
}
