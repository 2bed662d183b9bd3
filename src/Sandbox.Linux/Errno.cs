namespace Sandbox.Linux;

/// <summary>Error numbers by which callers tell failures apart; see errno(3). A <see cref="System.ComponentModel.Win32Exception"/> of this library carries one.</summary>
public static class ErrorNumbers
{
    /// <summary>EPERM: this user may not.</summary>
    public const int NotPermitted = 1;

    /// <summary>ENOENT: nothing is there.</summary>
    public const int NoEntry = 2;

    /// <summary>ENXIO: a named pipe that nobody reads, a socket, a device that is not there.</summary>
    public const int NoDevice = 6;

    /// <summary>EACCES: this user may not.</summary>
    public const int AccessDenied = 13;

    /// <summary>EBUSY: a mount point.</summary>
    public const int Busy = 16;

    /// <summary>EEXIST: something is there.</summary>
    public const int Exists = 17;

    /// <summary>EXDEV: on another file system.</summary>
    public const int CrossDevice = 18;

    /// <summary>ENOTDIR: no directory.</summary>
    public const int NotDirectory = 20;

    /// <summary>EISDIR: a directory.</summary>
    public const int IsDirectory = 21;

    /// <summary>EINVAL: makes no sense.</summary>
    public const int Invalid = 22;

    /// <summary>ETXTBSY: a program that runs.</summary>
    public const int TextBusy = 26;

    /// <summary>EFBIG: larger than files may be.</summary>
    public const int TooBig = 27;

    /// <summary>ENOSPC: no room.</summary>
    public const int NoSpace = 28;

    /// <summary>EROFS: read-only.</summary>
    public const int ReadOnly = 30;

    /// <summary>ENAMETOOLONG: longer than names or paths may be.</summary>
    public const int NameTooLong = 36;

    /// <summary>ENOTEMPTY: something is in it.</summary>
    public const int NotEmpty = 39;

    /// <summary>ELOOP: links lead in a circle.</summary>
    public const int Loop = 40;

    /// <summary>EDQUOT: this user may use no more.</summary>
    public const int QuotaReached = 122;
}
