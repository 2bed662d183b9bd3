using System.Formats.Tar;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

/// <summary>Extraction of archives that a sandbox made to write, or to lead, outside of the destination.</summary>
public sealed class HostileArchiveTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _top = Directory.CreateTempSubdirectory("sbc").FullName;
    private readonly List<string> _warnings = [];

    private string Destination => Path.Combine(_top, "outer", "destination");

    public void Dispose() => Directory.Delete(_top, recursive: true);

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/../../evil")]
    [InlineData("/evil")]
    [InlineData("./..")]
    public async Task Name_outside_the_destination_is_refused(string name)
    {
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => ExtractAsync(Regular(name)));
        Assert.Equal(ErrorCodes.InvalidArchive, failure.Code);
        Assert.DoesNotContain("evil", Directory.EnumerateFileSystemEntries(_top, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("/")]
    [InlineData("a\0b")]
    public void Unsafe_file_name_is_refused(string name) =>
        Assert.Equal(ErrorCodes.UnsafeName, Assert.Throws<ApiException>(() => LocalFile.NameOf(name)).Code);

    [Theory]
    [InlineData("a b")]
    [InlineData("...")]
    [InlineData("..a")]
    [InlineData("-rf")]
    public void Ordinary_file_name_is_kept(string name) => Assert.Equal(name, LocalFile.NameOf(name));

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../secret")]
    [InlineData("d/../../../secret")]
    [InlineData("missing/../../secret")]
    public async Task Link_out_of_the_destination_is_skipped_with_a_warning(string target)
    {
        await ExtractAsync(Folder("d"), Link("x", target));
        Assert.Null(new FileInfo(Path.Combine(Destination, "x")).LinkTarget);
        Assert.Single(_warnings, warning => warning.Contains(target, StringComparison.Ordinal));
    }

    // The second link passes the parent of what the first leads to.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chained_links_do_not_lead_out(bool firstLinkFirst)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Destination)!);
        await File.WriteAllTextAsync(Path.Combine(_top, "outer", "secret"), "secret", Cancel);
        TarEntry[] links = [Link("d/e/a", "../.."), Link("x", "d/e/a/../secret")];
        await ExtractAsync([Folder("d/e"), .. firstLinkFirst ? links : links.Reverse()]);
        Assert.False(File.Exists(Path.Combine(Destination, "x")));
        Assert.Single(_warnings);
    }

    // What was checked when it was made must still hold after another archive.
    [Fact]
    public async Task Later_archive_cannot_turn_an_earlier_link_outwards()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Destination)!);
        await File.WriteAllTextAsync(Path.Combine(_top, "outer", "secret"), "secret", Cancel);
        await ExtractAsync(Folder("d/e"), Link("m", "d/e"), Link("x", "m/../../secret"));
        await ExtractAsync(Link("m", "d"));
        Assert.False(File.Exists(Path.Combine(Destination, "x")));
    }

    [Theory]
    [InlineData("file", "sub/l")]
    [InlineData("../file", "sub/l")]
    [InlineData("e/../../file", "sub/l")]
    public async Task Link_within_the_destination_is_made(string target, string name)
    {
        await ExtractAsync(Regular("file"), Regular("sub/file"), Folder("sub/e"), Link(name, target));
        Assert.Equal(target, new FileInfo(Path.Combine(Destination, name)).LinkTarget);
        Assert.True(File.Exists(Path.Combine(Destination, name)));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("l", "l")]
    [InlineData("l", "way/secret")]
    public async Task Hard_link_through_a_link_is_skipped(string name, string target)
    {
        Directory.CreateDirectory(Destination);
        string secret = Path.Combine(_top, "secret");
        await File.WriteAllTextAsync(secret, "secret", Cancel);
        File.CreateSymbolicLink(Path.Combine(Destination, "l"), secret);
        File.CreateSymbolicLink(Path.Combine(Destination, "way"), _top);
        await ExtractAsync(new PaxTarEntry(TarEntryType.HardLink, "./copy-" + name) { LinkName = "./" + target });
        Assert.False(File.Exists(Path.Combine(Destination, "copy-" + name)));
        Assert.Single(_warnings);
    }

    [Fact]
    public async Task Hard_link_to_a_file_is_a_copy()
    {
        await ExtractAsync(Regular("a"), new PaxTarEntry(TarEntryType.HardLink, "./b") { LinkName = "./a" });
        Assert.Equal("a", await File.ReadAllTextAsync(Path.Combine(Destination, "b"), Cancel));
    }

    [Fact]
    public async Task Mode_of_an_existing_directory_is_not_changed()
    {
        Directory.CreateDirectory(Destination);
        Directory.CreateDirectory(Path.Combine(Destination, "old"));
        File.SetUnixFileMode(Destination, OwnerOnly);
        File.SetUnixFileMode(Path.Combine(Destination, "old"), OwnerOnly);
        await ExtractAsync(Folder(".", (UnixFileMode)0x1ff), Folder("old", (UnixFileMode)0x1ff), Folder("new", OwnerOnly));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Destination));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(Destination, "old")));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(Destination, "new")));
    }

    [Fact]
    public async Task Permissions_are_restricted_by_the_umask_and_carry_no_set_id_bits()
    {
        UnixFileMode all = (UnixFileMode)0xfff; // 07777
        await ExtractAsync(Folder("d", all), Regular("f", all));

        // What a file and a directory of this process get that asks for all permissions.
        string probe = Path.Combine(_top, "probe");
        Directory.CreateDirectory(probe, (UnixFileMode)0x1ff);
        UnixFileMode expected = File.GetUnixFileMode(probe);
        Assert.Equal(expected, File.GetUnixFileMode(Path.Combine(Destination, "d")));
        Assert.Equal(expected, File.GetUnixFileMode(Path.Combine(Destination, "f")));
    }

    // A reader of archives would collect the records of an entry, or its long name, whatever their length.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Large_entry_of_an_archive_is_refused(bool isExtracted)
    {
        await ExtractAsync(Regular("a"));
        PaxTarEntry large = new(TarEntryType.RegularFile, "b", [new("SANDBOX.unknown", new string('x', ArchiveReader.HeaderLimit))]);
        LocalTree tree = new(Destination, new TransferProgress(), _warnings.Add);
        await using Stream archive = await ArchiveAsync(Regular("a"), large);
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => isExtracted ? tree.ReadAsync(archive, Cancel) : tree.CompareAsync(archive, Cancel));
        Assert.Equal(ErrorCodes.InvalidArchive, failure.Code);
        Assert.Contains("names and records", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_and_many_entries_are_not_limited_as_headers()
    {
        byte[] content = new byte[2 * ArchiveReader.HeaderLimit];
        IEnumerable<TarEntry> many = Enumerable.Range(0, 2000).Select(number => Folder($"d{number}"));
        await ExtractAsync([new PaxTarEntry(TarEntryType.RegularFile, "a") { DataStream = new MemoryStream(content), Mode = OwnerOnly }, .. many]);
        Assert.Equal(content.Length, new FileInfo(Path.Combine(Destination, "a")).Length);
        Assert.True(Directory.Exists(Path.Combine(Destination, "d1999")));
        LocalTree tree = new(Path.Combine(_top, "empty"), new TransferProgress(), _warnings.Add);
        await using Stream skipped = await ArchiveAsync(
            new PaxTarEntry(TarEntryType.RegularFile, "a") { DataStream = new MemoryStream(content) }, Regular("b"));
        Assert.Equal(0, (await tree.CompareAsync(skipped, Cancel)).Same);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static PaxTarEntry Regular(string name, UnixFileMode mode = OwnerOnly) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("a"u8.ToArray()), Mode = mode };

    private static PaxTarEntry Folder(string name, UnixFileMode mode = OwnerOnly) => new(TarEntryType.Directory, name + "/") { Mode = mode };

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static async Task<Stream> ArchiveAsync(params TarEntry[] entries)
    {
        MemoryStream archive = new();
        await using (TarWriter writer = new(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
            {
                await writer.WriteEntryAsync(entry, Cancel);
            }
        }

        // As from a connection, not seekable.
        return new IdleTimeoutStream(new MemoryStream(archive.ToArray()), TimeSpan.FromMinutes(1));
    }

    private async Task ExtractAsync(params TarEntry[] entries)
    {
        await using Stream archive = await ArchiveAsync(entries);
        await new LocalTree(Destination, new TransferProgress(), _warnings.Add).ReadAsync(archive, Cancel);
    }
}
