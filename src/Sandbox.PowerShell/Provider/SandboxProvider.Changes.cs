using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <content>Creating, moving, copying and removing items.</content>
public sealed partial class SandboxProvider
{
    /// <inheritdoc />
    protected override void NewItem(string path, string itemTypeName, object newItemValue)
    {
        string text = newItemValue is null ? "" : LanguagePrimitives.ConvertTo<string>(newItemValue);
        string kind = (itemTypeName ?? "").ToUpperInvariant();
        Func<RemotePath, CancellationToken, Task>? make = kind switch
        {
            "DIRECTORY" or "CONTAINER" => (remote, token) => remote.MakeDirectoryAsync(isNew: !Force, token),
            "SYMBOLICLINK" => (remote, token) => remote.MakeLinkAsync(text, token),
            "" or "FILE" or "LEAF" => async (remote, token) =>
            {
                using MemoryStream content = new(EncodingTransformationAttribute.Default.GetBytes(text));
                await remote.WriteAsync(content, new WriteOptions { IsNew = !Force, Parents = Force }, token);
            },
            _ => null,
        };
        if (make is null)
        {
            WriteError(Errors.InvalidArgument($"The item type '{itemTypeName}' is not supported. Use File, Directory or SymbolicLink.", itemTypeName));
        }
        else if (Do(path, $"Create {(kind.Length == 0 ? "file" : itemTypeName)}", make))
        {
            GetItem(path);
        }
    }

    /// <inheritdoc />
    protected override void RemoveItem(string path, bool recurse) => Do(path, "Remove item", (remote, token) => remote.RemoveAsync(recurse, token));

    /// <inheritdoc />
    protected override void RenameItem(string path, string newName)
    {
        if (string.IsNullOrEmpty(newName) || newName.Contains('/'))
        {
            WriteError(Errors.InvalidArgument($"'{newName}' is not a valid name. Use Move-Item to move an item to another path.", newName));
            return;
        }

        MoveTo(path, _ => RemotePathOf(MakePath(GetParentPath(path, ""), newName)), $"Rename to '{newName}'");
    }

    /// <inheritdoc />
    protected override void MoveItem(string path, string destination) =>
        MoveTo(path, remote => _requests.Wait(token => RemotePathOf(destination).WithNameAsync(NameOf(remote), token)), $"Move to '{destination}'");

    /// <inheritdoc />
    protected override void CopyItem(string path, string copyPath, bool recurse) => Do(path, $"Copy to '{copyPath}'", async (remote, token) =>
    {
        RequireSameSandbox(remote, RemotePathOf(copyPath));
        RemotePath copy = await RemotePathOf(copyPath).WithNameAsync(NameOf(remote), token);
        if (!recurse && (await remote.GetAsync(follow: true, token)).Type == FileKind.Directory)
        {
            // As Copy-Item does it: the directory alone.
            await copy.MakeDirectoryAsync(isNew: false, token);
        }
        else
        {
            await remote.CopyAsync(copy.Path, token);
        }
    });

    /// <inheritdoc />
    protected override object RemoveItemDynamicParameters(string path, bool recurse) => new RemoveParameters();

    private static string NameOf(RemotePath remote) => remote.Path[(remote.Path.LastIndexOf('/') + 1)..];

    private static void RequireSameSandbox(RemotePath from, RemotePath to)
    {
        if (from.Target.Id != to.Target.Id || from.Target.Server != to.Target.Server)
        {
            throw new ApiException(ErrorCodes.Unsupported, "Source and destination are in different sandboxes. Use Copy-SandboxItem.");
        }
    }

    private void MoveTo(string path, Func<RemotePath, RemotePath> destination, string action)
    {
        RemotePath? moved = null;
        if (Do(path, action, (remote, token) =>
        {
            moved = destination(remote);
            RequireSameSandbox(remote, moved);
            return remote.MoveAsync(moved.Path, Force, token);
        }))
        {
            FileEntry entry = _requests.Wait(token => moved!.GetAsync(follow: false, token));
            Write(entry, DriveOf(path));
        }
    }

    // Report the failure and continue with the other items.
    private bool Do(string path, string action, Func<RemotePath, CancellationToken, Task> request)
    {
        RemotePath remote = RemotePathOf(path);
        if (!ShouldProcess($"{remote.Target}: {remote.Display}", action))
        {
            return false;
        }

        ErrorRecord? error = _requests.Try(path, token => request(remote, token));
        if (error is not null)
        {
            WriteError(error);
        }

        return error is null;
    }
}
