using System.Buffers;
using Sandbox.Agent.Files;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Git;

/// <summary>Clones a repository into a directory: next to its destination first, so that it appears as a whole or not at all.</summary>
internal sealed class Checkout
{
    // See git-check-ref-format(1); git itself refuses the rest.
    private static readonly SearchValues<char> NotInNames = SearchValues.Create(" ~^:?*[\\\t\r\n\0");

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private readonly EventLoop _loop;
    private readonly UnfinishedFiles _unfinished;
    private readonly CheckoutRequest _request;
    private readonly RepositoryAddress _address;
    private readonly GitEnvironment _settings;
    private readonly string _program;
    private readonly string _directory;
    private readonly string _destination;

    private Checkout(
        EventLoop loop, UnfinishedFiles unfinished, CheckoutRequest request, RepositoryAddress address, GitEnvironment settings, string program,
        string directory, string destination)
    {
        _loop = loop;
        _unfinished = unfinished;
        _request = request;
        _address = address;
        _settings = settings;
        _program = program;
        _directory = directory;
        _destination = destination;
    }

    // 'clone' takes branches only: it would prefer a branch to a tag of the same name, and does not take a commit.
    private string? Detached => _request.Tag is not null ? $"refs/tags/{_request.Tag}" : _request.Commit;

    /// <summary>Validates a request before anything is done.</summary>
    /// <exception cref="ApiException">It cannot be done.</exception>
    public static Checkout Prepare(
        CheckoutRequest request, EventLoop loop, UnfinishedFiles unfinished, string directory, IReadOnlyDictionary<string, string> variables)
    {
        RequestFields.RejectUnknownFields(request.Unknown);
        RepositoryAddress address = AddressOf(request);
        Require(request.Branch is null || IsName(request.Branch), $"'{request.Branch}' is not a valid branch name.");
        Require(request.Tag is null || IsName(request.Tag), $"'{request.Tag}' is not a valid tag name.");
        Require(
            request.Commit is null || (request.Commit.Length is >= 4 and <= 64 && !request.Commit.AsSpan().ContainsAnyExcept(HexDigits)),
            $"'{request.Commit}' is not the hash of a commit: 4 to 64 hexadecimal digits.");
        Require(
            new[] { request.Branch, request.Tag, request.Commit }.Count(name => name is not null) <= 1,
            "Specify a branch, a tag or a commit, not several of them.");
        Require(request.Depth is null or > 0, "The depth is a number of commits, 1 or more.");
        TimeLimit.Require(request.TimeoutMs, "timeoutMs");
        string name = SandboxPath.ExpandHome(request.Destination ?? address.Name);
        Require(
            name.Length > 0 && !name.Contains('\0') && PathText.IsText(name),
            "The destination is missing, and the address gives no name for the new directory; or it is not text.");
        GitEnvironment settings = GitEnvironment.Of(variables, address);
        return new Checkout(loop, unfinished, request, address, settings, Find("git", settings), directory, SandboxPath.Absolute(name, directory));
    }

    /// <exception cref="ApiException">It failed, and nothing is there.</exception>
    public async Task<CheckoutResult> RunAsync(Action<CheckoutProgress> onProgress, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (_request.TimeoutMs is { } milliseconds)
        {
            limit.CancelAfter(TimeSpan.FromMilliseconds(milliseconds));
        }

        try
        {
            return await RunLimitedAsync(onProgress, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(
                ErrorCodes.CommandTimedOut, $"'{_address}' was not checked out within {_request.TimeoutMs / 1000.0:0.###} s, and was cancelled.");
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw FileErrorMapper.ToApiException(exception, _destination);
        }
    }

    private static RepositoryAddress AddressOf(CheckoutRequest request)
    {
        Require(
            request.Uri is { Length: > 0 } && !request.Uri.AsSpan().ContainsAny("\r\n\0"),
            "The address of the repository is missing, empty, or has a line break in it.");
        RepositoryAddress address = RepositoryAddress.Parse(request.Uri!);
        if (request.Password is null)
        {
            Require(request.UserName is null, "A user name needs a password.");
            return address.Password is null ? new RepositoryAddress(request.Uri!, null, null) : address;
        }

        Require(address.Password is null, "The address contains a password, and another one is given. Use only one of them.");
        Require(
            address.TakesCredential,
            "A user name and a password work with http and https only. Other addresses use the keys and file permissions of the sandbox.");
        return address with { UserName = request.UserName ?? address.UserName, Password = request.Password };
    }

    private static bool IsName(string name) => name.Length > 0 && !name.AsSpan().ContainsAny(NotInNames) && !name.Contains("..", StringComparison.Ordinal);

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, sentence);
        }
    }

    private static string Find(string program, GitEnvironment settings) =>
        settings.Environment.GetValueOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
        ?? throw new ApiException(ErrorCodes.GitNotInstalled, "There is no git in the sandbox. Install it on the host or in the image.");

    private async Task<CheckoutResult> RunLimitedAsync(Action<CheckoutProgress> onProgress, CancellationToken cancellationToken)
    {
        string place = SandboxPath.Destination(_destination);
        bool isNew = RequireFree(place);
        if (isNew)
        {
            _ = SandboxPath.MakeDirectories(SandboxPath.Parent(place), Defaults.Directory);
        }

        using StagedDirectory staged = new(place, isNew, _unfinished);
        await CloneAsync(staged.Path, onProgress, cancellationToken);
        CheckoutResult result = new()
        {
            Path = _destination,
            Uri = _address.Uri,
            Branch = await TryAskAsync(staged.Path, ["symbolic-ref", "--quiet", "--short", "HEAD"], cancellationToken),
            Commit = await TryAskAsync(staged.Path, ["rev-parse", "--verify", "--quiet", "HEAD"], cancellationToken),
        };
        RequireBranch(result);
        staged.Publish();
        return result;
    }

    private bool RequireFree(string place)
    {
        if (FileStatus.TryOf(SandboxPath.Native(place), follow: false) is not { } there)
        {
            return true;
        }

        return there.Type == FileType.Directory && DirectoryListing.Read(place, hidden: true).Count == 0
            ? false
            : throw new ApiException(
                ErrorCodes.PathExists,
                $"'{PathText.ToDisplay(_destination)}' exists already and is not an empty directory. Choose another destination, or remove it.");
    }

    // 'clone' also accepts a tag of the branch's name.
    private void RequireBranch(CheckoutResult result)
    {
        if (_request.Branch is not null && result.Branch != _request.Branch)
        {
            throw new ApiException(ErrorCodes.BranchNotFound, $"'{_address}' could not be checked out. It has no branch '{_request.Branch}'.");
        }
    }

    private async Task CloneAsync(string staging, Action<CheckoutProgress> onProgress, CancellationToken cancellationToken)
    {
        string[] depth = _request.Depth is { } commits ? [$"--depth={commits}"] : [];
        string[] which = Detached is not null ? ["--no-checkout"] : _request.Branch is not null ? [$"--branch={_request.Branch}"] : [];

        // "--": an address may begin with a dash.
        await RunAsync(["clone", "--progress", .. depth, .. which, "--", _address.Uri, staging], onProgress, staging, cancellationToken);
        if (Detached is null)
        {
            return;
        }

        if (_request.Depth is not null)
        {
            await RunAsync(
                ["-C", staging, "fetch", "--progress", .. depth, "origin", _request.Tag is not null ? $"+{Detached}:{Detached}" : Detached],
                onProgress, staging, cancellationToken);
        }

        await RunAsync(["-C", staging, "checkout", "--progress", "--detach", Detached + "^{commit}", "--"], onProgress, staging, cancellationToken);
    }

    private async Task RunAsync(IReadOnlyList<string> arguments, Action<CheckoutProgress> onProgress, string staging, CancellationToken cancellationToken)
    {
        GitOutput output = new(onProgress);
        if (await GitProcess.RunAsync(_loop, _program, arguments, _settings, _directory, output, cancellationToken) != 0)
        {
            throw GitErrorMapper.Of(_address, output.Lines, text => Clean(text, staging));
        }
    }

    // Removes secrets and temporary names from a server's messages.
    private string Clean(string text, string staging)
    {
        string named = text.Replace(staging, _destination, StringComparison.Ordinal);
        return _address.Password is { Length: > 0 } password ? named.Replace(password, "********", StringComparison.Ordinal) : named;
    }

    private async Task<string?> TryAskAsync(string staging, string[] question, CancellationToken cancellationToken)
    {
        GitOutput output = new(_ => { });
        int code = await GitProcess.RunAsync(_loop, _program, ["-C", staging, .. question], _settings, _directory, output, cancellationToken);
        return code == 0 ? output.Lines.LastOrDefault() : null;
    }
}
