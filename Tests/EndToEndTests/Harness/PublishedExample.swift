// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import MigrationModel
import TestSupport
import Testing

/// One build of a publisher.
struct Build: Sendable {
    let version: String
    let seed: UInt64
    /// The key that signs the publisher's lists.
    let key: SigningKey

    /// Returns the data of an image; a publisher may have several.
    func disk(_ index: Int = 0) -> [UInt8] {
        DiskHeads.qcow2() + noise(50_000, seed: seed * 10 + UInt64(index))
    }

    /// The digits of an algorithm that Tranship does not support.
    let otherDigits = String(repeating: "b", count: 128)
}

/// A nightly mirror in `pipelines/`, and the files of its publisher: the real folders, names, form
/// of the list and form of the signature.
struct PublishedExample: Sendable, CustomTestStringConvertible {
    let file: String
    let distro: String
    /// The names of the images.
    let names: [String]
    /// The path relative to the pipeline file; nil if the publisher signs nothing.
    var keyring: String?
    /// Three versions, the oldest first.
    let versions: [String]
    let publish: @Sendable (Build, Upstream) throws -> Void

    var testDescription: String { file }

    static let all = [ubuntu, debian, fedora, rocky, alpine, gentoo, flatcar]

    private static func line(_ algorithm: Checksum.Algorithm, _ data: [UInt8]) throws -> String {
        try digest(algorithm, of: data).value
    }

    // MARK: Publishers

    private static let ubuntu = PublishedExample(
        file: "nightly-ubuntu.yaml", distro: "ubuntu", names: ["Ubuntu 24.04", "Ubuntu 22.04"],
        keyring: "keys/ubuntu.gpg", versions: ["20241106", "20241120", "20241206"]
    ) { build, upstream in
        for (index, release) in ["noble", "jammy"].enumerated() {
            let name = "\(release)-server-cloudimg-amd64"
            let disk = build.disk(index)
            let list = [UInt8](
                """
                \(try line(.sha256, [1])) *\(name)-azure.vhd.tar.gz
                \(try line(.sha256, disk)) *\(name).img
                \(try line(.sha256, [2])) *\(name).manifest

                """.utf8)
            for folder in [build.version, "current"] {
                let place = "cloud-images.ubuntu.com/\(release)/\(folder)"
                upstream.publish("\(place)/\(name).img", disk)
                upstream.publish("\(place)/SHA256SUMS", list)
                upstream.publish(
                    "\(place)/SHA256SUMS.gpg", try build.key.signature(of: list))
            }
        }
    }

    private static let debian = PublishedExample(
        file: "nightly-debian.yaml", distro: "debian", names: ["Debian 12"],
        versions: ["20241125-1942", "20241201-1948", "20241210-1953"]
    ) { build, upstream in
        let place = "cloud.debian.org/images/cloud/bookworm"
        let name = "debian-12-genericcloud-amd64"
        let sum = try line(.sha512, build.disk())
        let files = [
            (build.version, "\(name)-\(build.version)"), ("latest", name),
            ("daily/20991231-0001", name),
        ]
        for (folder, file) in files {
            upstream.publish("\(place)/\(folder)/\(file).qcow2", build.disk())
            upstream.publish(
                "\(place)/\(folder)/SHA512SUMS",
                [UInt8]("\(sum)  \(file).qcow2\n\(build.otherDigits)  \(file).tar.xz\n".utf8))
        }
    }

    private static let fedora = PublishedExample(
        file: "nightly-fedora.yaml", distro: "fedora", names: ["Fedora 42"],
        keyring: "keys/fedora.gpg", versions: ["42-1.1", "42-1.2", "42-1.10"]
    ) { build, upstream in
        let place = "dl.fedoraproject.org/pub/fedora/linux/releases/42/Cloud/x86_64/images"
        let name = "Fedora-Cloud-Base-Generic-\(build.version).x86_64.qcow2"
        let list = """
            # \(name): \(build.disk().count) bytes
            SHA256 (\(name)) = \(try line(.sha256, build.disk()))
            # Fedora-Cloud-Base-GCE-\(build.version).x86_64.tar.gz: 5 bytes
            SHA256 (Fedora-Cloud-Base-GCE-\(build.version).x86_64.tar.gz) = \(try line(.sha256, [1]))

            """
        upstream.publish("\(place)/\(name)", build.disk())
        upstream.publish(
            "\(place)/Fedora-Cloud-\(build.version)-x86_64-CHECKSUM",
            try build.key.clearSigned([UInt8](list.utf8)))
    }

    private static let rocky = PublishedExample(
        file: "nightly-rocky.yaml", distro: "rocky", names: ["Rocky Linux 10"],
        keyring: "keys/rocky.asc",
        versions: ["10.0-20250609.1", "10.1-20251116.0", "10.10-20300601.0"]
    ) { build, upstream in
        let place = "dl.rockylinux.org/pub/rocky/10/images/x86_64"
        let sum = try line(.sha256, build.disk())
        var list = ""
        for name in ["-\(build.version)", ".latest"] {
            let name = "Rocky-10-GenericCloud-Base\(name).x86_64.qcow2"
            let entry = "# \(name): \(build.disk().count) bytes\nSHA256 (\(name)) = \(sum)\n"
            list += entry
            upstream.publish("\(place)/\(name)", build.disk())
            upstream.publish("\(place)/\(name).CHECKSUM", [UInt8](entry.utf8))
        }
        upstream.publish("\(place)/CHECKSUM", [UInt8](list.utf8))
        upstream.publish(
            "\(place)/CHECKSUM.sig", try build.key.signature(of: [UInt8](list.utf8)))
    }

    private static let alpine = PublishedExample(
        file: "nightly-alpine.yaml", distro: "alpine", names: ["Alpine {version}"],
        versions: ["3.22.1", "3.22.2", "3.22.10"]
    ) { build, upstream in
        let place = "dl-cdn.alpinelinux.org/alpine/v3.22/releases/cloud"
        for kind in ["generic_alpine", "nocloud_alpine"] {
            let name = "\(kind)-\(build.version)-x86_64-bios-cloudinit-r0.qcow2"
            upstream.publish("\(place)/\(name)", build.disk())
            // The file has only the digits, without a name and without a line end.
            upstream.publish(
                "\(place)/\(name).sha512", [UInt8](try line(.sha512, build.disk()).utf8))
            upstream.publish("\(place)/\(name).asc", [1])
        }
    }

    private static let gentoo = PublishedExample(
        file: "nightly-gentoo.yaml", distro: "gentoo", names: ["Gentoo"],
        keyring: "keys/gentoo.asc",
        versions: ["20250112T170317Z", "20250119T164837Z", "20250126T170313Z"]
    ) { build, upstream in
        let place = "distfiles.gentoo.org/releases/amd64/autobuilds/current-di-amd64-cloudinit"
        let name = "di-amd64-cloudinit-\(build.version).qcow2"
        let list = """
            # BLAKE2B HASH
            \(build.otherDigits)  \(name)
            # SHA512 HASH
            \(try line(.sha512, build.disk()))  \(name)
            # BLAKE2B HASH
            \(build.otherDigits)  \(name).CONTENTS.gz
            # SHA512 HASH
            \(try line(.sha512, [1]))  \(name).CONTENTS.gz

            """
        upstream.publish("\(place)/\(name)", build.disk())
        upstream.publish(
            "\(place)/\(name).DIGESTS", try build.key.clearSigned([UInt8](list.utf8)))
        upstream.publish("\(place)/latest-di-amd64-cloudinit.txt", [UInt8](name.utf8))
    }

    private static let flatcar = PublishedExample(
        file: "nightly-flatcar.yaml", distro: "flatcar", names: ["Flatcar Stable"],
        keyring: "keys/flatcar.asc", versions: ["4081.2.0", "4081.2.1", "4081.10.0"]
    ) { build, upstream in
        let name = "flatcar_production_openstack_image.img.bz2"
        let data = try compressed(build.disk(), .bz2)
        let list = """
            # MD5 HASH
            \(try line(.md5, data))  \(name)
            # SHA1 HASH
            \(try line(.sha1, data))  \(name)
            # SHA512 HASH
            \(try line(.sha512, data))  \(name)

            """
        for folder in [build.version, "current"] {
            let place = "stable.release.flatcar-linux.net/amd64-usr/\(folder)"
            upstream.publish("\(place)/\(name)", data)
            upstream.publish("\(place)/\(name).DIGESTS", [UInt8](list.utf8))
            upstream.publish(
                "\(place)/\(name).DIGESTS.asc", try build.key.clearSigned([UInt8](list.utf8)))
        }
    }
}
