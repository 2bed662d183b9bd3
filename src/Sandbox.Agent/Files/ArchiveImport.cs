using System.ComponentModel;
using System.Formats.Tar;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Extracts a tar archive into a directory. It is extracted next to its destination first, so that a damaged or incomplete archive changes
/// nothing.</summary>
internal static class ArchiveImport
{
    private const int ChunkSize = 128 * 1024;

    /// <summary>Reads an archive to its end.</summary>
    /// <param name="replace">Whether it replaces the content of the directory; otherwise it is merged into it.</param>
    /// <exception cref="ApiException">The archive was refused; nothing was changed.</exception>
    public static async Task RunAsync(Stream body, string path, bool replace, UnfinishedFiles unfinished, CancellationToken cancellationToken)
    {
        string destination = SandboxPath.Destination(path);
        bool isNew = FileStatus.TryOf(SandboxPath.Native(destination), follow: false) is not { } there
            || (there.Type == FileType.Directory ? false
                : throw new ApiException(ErrorCodes.NotADirectory, $"'{PathText.ToDisplay(path)}' is not a directory."));
        if (isNew)
        {
            _ = SandboxPath.MakeDirectories(SandboxPath.Parent(destination), Defaults.Directory);
        }

        using StagedDirectory staged = new(destination, isNew, unfinished);
        FileSystem.MakeDirectory(SandboxPath.Native(staged.Path), isNew ? Defaults.Directory : Defaults.UnfinishedDirectory);
        ArchiveExtractor extractor = new(staged.Path);
        await ExtractAsync(body, extractor, path, cancellationToken);
        if (replace && !isNew)
        {
            staged.Replace();
        }
        else
        {
            staged.Publish();
        }

        extractor.FinishDirectories(destination, withTop: isNew);
    }

    private static async Task ExtractAsync(Stream source, ArchiveExtractor extractor, string path, CancellationToken cancellationToken)
    {
        await using BufferedStream body = new(source, ChunkSize);
        try
        {
            await using TarReader tar = new(body, leaveOpen: true);
            while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                await extractor.AddAsync(entry, cancellationToken);
            }

            // Padding after the last entry.
            await body.DrainAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is ApiException or Win32Exception)
        {
            await body.DrainAsync(cancellationToken);
            throw exception is Win32Exception refused ? FileErrorMapper.ToApiException(refused, path) : exception;
        }
        catch (Exception exception)
            when (exception is InvalidDataException or EndOfStreamException or FormatException or NotSupportedException or ArgumentException)
        {
            await body.DrainAsync(cancellationToken);
            throw new ApiException(
                ErrorCodes.InvalidArchive, $"The data for '{PathText.ToDisplay(path)}' is not a complete tar archive. Nothing was changed.", exception);
        }
    }
}
