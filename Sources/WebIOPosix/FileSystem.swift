import CWebIOLinux
import Glibc

/// Which file system a path is on, as far as it decides whether inotify sees all changes. See statfs(2), inotify(7).
package enum FileSystem {
  /// The name of a file system that others change behind the kernel's back, so that it has nothing to report; nil for a
  /// local one, or when there is no such path.
  package static func remoteName(of path: String) -> String? {
    var status = statfs()
    guard statfs(path, &status) == 0 else { return nil }
    return remoteName(magic: UInt32(truncatingIfNeeded: status.f_type))
  }

  /// By its magic number. WSL's drives and many virtual machines' shared directories are 9p.
  package static func remoteName(magic: UInt32) -> String? {
    switch magic {
    case 0x6969: "NFS"
    case 0x517b, 0xff53_4d42, 0xfe53_4d42: "SMB"
    case 0x0102_1997: "9p"
    case 0x6573_5546: "FUSE"
    case 0x5346_4846: "WSL's drvfs"
    case 0x786f_4256: "vboxsf"
    case 0xbacb_acbc: "vmhgfs"
    case 0x7c7c_6673: "prl_fs"
    case 0x5346_414f, 0x6b41_4653: "AFS"
    case 0x7375_7245: "Coda"
    case 0x00c3_6400: "Ceph"
    case 0x0bd0_0bd0: "Lustre"
    default: nil
    }
  }
}
