using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Sandbox.Linux;

namespace Sandbox.Agent.Files;

/// <summary>The parts of a file that are not holes. GNU's forms 0.1 and 1.0 of tar archives are read, 1.0 is written; see "Storing Sparse Files" in the
/// manual of GNU tar.</summary>
internal sealed class SparseMap
{
    private const string Prefix = "GNU.sparse.";
    private const string Major = Prefix + "major", Minor = Prefix + "minor", Name = Prefix + "name";
    private const string RealSize = Prefix + "realsize", Size = Prefix + "size", Map = Prefix + "map";
    private const int BlockSize = 512;
    private const int MaximumParts = 1_000_000;

    private SparseMap(List<(long Offset, long Length)> parts, long fileSize) => (Parts, FileSize) = (parts, fileSize);

    public IReadOnlyList<(long Offset, long Length)> Parts { get; }

    public long FileSize { get; }

    /// <summary>Finds the holes of a file; null when it has none.</summary>
    public static SparseMap? Of(FileDescriptor file, long size)
    {
        List<(long Offset, long Length)> parts = [];
        long dataLength = 0;
        for (long at = 0; at < size && parts.Count < MaximumParts && file.Find(at, data: true) is { } begin && begin < size;)
        {
            at = Math.Min(file.Find(begin, data: false) ?? size, size);
            parts.Add((begin, at - begin));
            dataLength += at - begin;
        }

        file.Seek(0);
        return dataLength == size || parts.Count == MaximumParts ? null : new SparseMap(parts, size);
    }

    /// <summary>Gets the name under which other programs see the parts of a file.</summary>
    public static string StoredName(string name) => $"{name[..(name.LastIndexOf('/') + 1)]}GNUSparseFile.0/{name[(name.LastIndexOf('/') + 1)..]}";

    /// <summary>Gets the records of an entry in the form 1.0.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Records(string name, long size) =>
        [new(Major, "1"), new(Minor, "0"), new(Name, name), new(RealSize, size.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Gets the name of the file of an entry with parts; null for any other entry.</summary>
    public static string? NameOf(TarEntry entry) => RecordsOf(entry)?.GetValueOrDefault(Name);

    /// <summary>Reads the map of an entry, up to the first byte of the first part; null for a file without holes.</summary>
    /// <exception cref="InvalidDataException">It is damaged or of an unknown form.</exception>
    public static async Task<SparseMap?> ReadAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        if (RecordsOf(entry) is not { } records)
        {
            return null;
        }

        List<long> numbers;
        if (records.TryGetValue(Map, out string? map))
        {
            numbers = [.. map.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Number)];
        }
        else
        {
            numbers = records.GetValueOrDefault(Major) == "1" && records.GetValueOrDefault(Minor) == "0" && entry.DataStream is { } data
                ? await ReadNumbersAsync(data, cancellationToken)
                : throw new InvalidDataException("The archive has a file with holes in a form that is not supported.");
        }

        string? size = records.GetValueOrDefault(RealSize) ?? records.GetValueOrDefault(Size);
        return Checked(numbers, Number(size ?? ""), entry.DataStream);
    }

    /// <summary>Gets the map as it precedes the parts in the form 1.0.</summary>
    public byte[] ToBytes()
    {
        // For tar, a file ends where its last part does, which may be empty.
        bool endsWithHole = Parts.Count == 0 || Parts[^1].Offset + Parts[^1].Length < FileSize;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Parts.Count + (endsWithHole ? 1 : 0)}\n");
        foreach ((long offset, long length) in endsWithHole ? Parts.Append((FileSize, 0)) : Parts)
        {
            text.Append(CultureInfo.InvariantCulture, $"{offset}\n{length}\n");
        }

        byte[] bytes = new byte[(text.Length + BlockSize - 1) / BlockSize * BlockSize];
        Encoding.ASCII.GetBytes(text.ToString(), bytes);
        return bytes;
    }

    private static IReadOnlyDictionary<string, string>? RecordsOf(TarEntry entry) =>
        entry is PaxTarEntry { ExtendedAttributes: var records } && records.Keys.Any(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            ? records
            : null;

    private static SparseMap Checked(List<long> numbers, long size, Stream? data)
    {
        List<(long Offset, long Length)> parts = [];
        long end = 0, dataLength = 0;
        for (int index = 0; index + 1 < numbers.Count; index += 2)
        {
            (long offset, long length) = (numbers[index], numbers[index + 1]);
            if (offset < end || length > size - offset)
            {
                throw new InvalidDataException("The archive has a file whose parts overlap or lie outside of it.");
            }

            (end, dataLength) = (offset + length, dataLength + length);
            parts.Add((offset, length));
        }

        return numbers.Count % 2 == 0 && dataLength == (data is null ? 0 : data.Length - data.Position)
            ? new SparseMap(parts, size)
            : throw new InvalidDataException("The archive has a file whose parts are not all there.");
    }

    // A number on each line: how many parts there are, then the offset and the length of each, filled up to a whole block.
    private static async Task<List<long>> ReadNumbersAsync(Stream data, CancellationToken cancellationToken)
    {
        byte[] block = new byte[BlockSize];
        List<long> numbers = [];
        StringBuilder digits = new();
        long wanted = long.MaxValue;
        while (numbers.Count < wanted)
        {
            await data.ReadExactlyAsync(block, cancellationToken);
            foreach (byte single in block)
            {
                if (numbers.Count == wanted)
                {
                    break;
                }

                if (single != '\n')
                {
                    digits.Append(digits.Length < 20 ? (char)single : throw new InvalidDataException("A number in the archive is too long."));
                }
                else if (wanted == long.MaxValue)
                {
                    wanted = Number(digits.ToString()) is var count and <= MaximumParts ? count * 2
                        : throw new InvalidDataException("The archive has a file with too many holes.");
                    digits.Clear();
                }
                else
                {
                    numbers.Add(Number(digits.ToString()));
                    digits.Clear();
                }
            }
        }

        return numbers;
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
        ? number
        : throw new InvalidDataException("A number in the archive is damaged.");
}
