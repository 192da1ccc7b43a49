// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ImageFormats
import TestSupport
import Testing

@Suite struct ImageHeadObjectionTests {
    private func objection(
        _ bytes: [UInt8], _ disk: String, container: String? = "bare"
    ) -> TranshipError? {
        ImageHead(bytes).objection(
            to: DeclaredFormat(disk: disk, container: container), shown: "disk.raw",
            facts: ["47 bytes"])
    }

    static let truths: [(bytes: [UInt8], disk: String)] = [
        (DiskHeads.qcow2(), "qcow2"), (DiskHeads.vmdk(), "vmdk"), (DiskHeads.vhd(), "vhd"),
        (DiskHeads.vhdx, "vhdx"), (DiskHeads.vdi(), "vdi"), (DiskHeads.iso(), "iso"),
        (DiskHeads.iso(isHybrid: true), "raw"), (DiskHeads.mbr, "raw"), (DiskHeads.gpt, "gpt"),
        (DiskHeads.luks, "luks"), (DiskHeads.luks, "raw"), (noise(70_000), "raw"),
        // A fixed VHD begins with its data.
        (DiskHeads.mbr, "vhd"), (noise(70_000), "vhd"), (noise(70_000), "papertape"), ([], "raw"),
    ]

    @Test(arguments: truths)
    func `Data that is what its record says is copied`(bytes: [UInt8], disk: String) {
        #expect(objection(bytes, disk)?.message == nil)
    }

    private static func changed(_ head: [UInt8], at offset: Int, to byte: UInt8) -> [UInt8] {
        var head = head
        head[offset] = byte
        return head
    }

    static let lies: [(bytes: [UInt8], disk: String, message: String, cure: String)] = [
        (
            DiskHeads.qcow2(), "raw", "disk.raw is a qcow2 image, and its disk_format is raw",
            "write `disk_format: qcow2`"
        ),
        (
            DiskHeads.vmdk(), "qcow2", "disk.raw is a vmdk image, and its disk_format is qcow2",
            "write `disk_format: vmdk`"
        ),
        (
            DiskHeads.qcow2(), "iso", "disk.raw is a qcow2 image, and its disk_format is iso",
            "write `disk_format: qcow2`"
        ),
        (
            DiskHeads.mbr, "qcow2",
            "disk.raw is a disk with a partition table, and its disk_format is qcow2",
            "`disk_format: raw`"
        ),
        (
            noise(70_000), "qcow2",
            "disk.raw does not begin as a qcow2 image, and its disk_format is qcow2",
            "`disk_format: raw`"
        ),
        ([], "qcow2", "disk.raw is empty, and its disk_format is qcow2", "inspect: false"),
        (
            DiskHeads.qcow2(backing: "base.qcow2"), "qcow2",
            "disk.raw is a qcow2 image and needs its backing file \"base.qcow2\"",
            "qemu-img convert"
        ),
        (
            DiskHeads.qcow2(version: 7), "qcow2",
            "disk.raw is damaged: it is a qcow2 image and states version 7, and only 2 and 3 exist",
            "qemu-img info"
        ),
        (
            Array(DiskHeads.qcow2().prefix(20)), "qcow2",
            "disk.raw is damaged: it is a qcow2 image and ends within its header", "publisher"
        ),
        (
            Array(DiskHeads.qcow2().prefix(103)), "qcow2",
            "disk.raw is damaged: it is a qcow2 image and ends within its header", "publisher"
        ),
        (
            changed(DiskHeads.qcow2(), at: 23, to: 63), "qcow2",
            "disk.raw is damaged: it is a qcow2 image and states clusters of 2^63 bytes, and 2^9 "
                + "to 2^21 exist", "publisher"
        ),
        (
            changed(DiskHeads.qcow2(version: 2), at: 35, to: 7), "qcow2",
            "disk.raw is damaged: it is a qcow2 image and states encryption method 7, and only 0, "
                + "1 and 2 exist", "publisher"
        ),
        (
            changed(DiskHeads.qcow2(), at: 79, to: 2), "qcow2",
            "disk.raw is damaged: it is a qcow2 image and is marked as corrupt", "publisher"
        ),
        (
            changed(DiskHeads.qcow2(), at: 103, to: 72), "qcow2",
            "disk.raw is damaged: it is a qcow2 image and states a header of 72 bytes, and version "
                + "3 has at least 104", "publisher"
        ),
        (
            Array(DiskHeads.vmdk().prefix(300)), "vmdk",
            "disk.raw is damaged: it is a vmdk image and ends within its header", "publisher"
        ),
        (
            DiskHeads.qcow2(sizeBytes: 1 << 62), "qcow2",
            "disk.raw is damaged: it is a qcow2 image and states a disk of 4096 PiB", "publisher"
        ),
        (
            DiskHeads.vhd(type: 2), "vhd",
            "disk.raw is damaged: it is a vhd image and begins with the footer of a fixed disk",
            "publisher"
        ),
        (
            DiskHeads.vmdkDescriptor("monolithicFlat"), "vmdk",
            "disk.raw is a vmdk image and needs the file with its data \"disk-flat.vmdk\"",
            "qemu-img convert"
        ),
        (
            DiskHeads.xz, "raw",
            "disk.raw is compressed (xz), not a raw image, and an upload does not unpack it",
            "`decompress: auto`"
        ),
        (
            DiskHeads.html, "raw", "disk.raw is a web page (47 bytes), not a raw image",
            "look at the data"
        ),
        (
            Array("404 page not found".utf8), "iso",
            "disk.raw is text (47 bytes), not an iso image", "look at the data"
        ),
        (
            DiskHeads.tar("a.ovf"), "vmdk", "disk.raw is an OVA archive, not a vmdk image",
            "container_format: ova"
        ),
        (
            DiskHeads.qcow2(version: 1), "qcow2",
            "disk.raw is a qcow image (version 1), for which the Image service has no format",
            "qemu-img convert"
        ),
    ]

    @Test(arguments: lies)
    func `A record that lies is refused with both formats and the cure`(
        bytes: [UInt8], disk: String, message: String, cure: String
    ) {
        let error = objection(bytes, disk)
        #expect(error?.code == .formatRejected)
        #expect(error?.isTransient == false)
        #expect(error?.message == message)
        #expect(error?.hint?.contains(cure) == true, "\(error?.hint ?? "")")
    }

    @Test(arguments: ["aki", "ari", "ami"])
    func `Kernels and ramdisks may be compressed`(disk: String) {
        #expect(objection(DiskHeads.gzip, disk, container: disk) == nil)
    }

    @Test(arguments: ["docker", "ovf", "compressed"])
    func `What another container holds is not looked at`(container: String) {
        #expect(objection(DiskHeads.gzip, "raw", container: container) == nil)
    }

    @Test func `An OVA is a tar archive`() {
        #expect(objection(DiskHeads.tar("a.ovf"), "vmdk", container: "ova") == nil)
        #expect(objection(noise(2000), "vmdk", container: "ova") == nil)
        let error = objection(DiskHeads.vmdk(), "vmdk", container: "ova")
        #expect(error?.message.contains("is a vmdk image, and container_format ova") == true)
    }

    @Test func `No container is a bare one`() {
        #expect(objection(DiskHeads.xz, "raw", container: nil) != nil)
    }

    // MARK: Remarks

    private func remarks(
        _ bytes: [UInt8], _ disk: String, minDiskGiB: Int = 0, sizeBytes: Int64? = nil
    ) -> [ImageHead.Remark] {
        ImageHead(bytes).remarks(
            to: DeclaredFormat(disk: disk, container: "bare"), minDiskGiB: minDiskGiB,
            sizeBytes: sizeBytes)
    }

    @Test func `The disk inside is compared with min_disk`() {
        let head = DiskHeads.qcow2(sizeBytes: (10 << 30) + 1)
        #expect(remarks(head, "qcow2", minDiskGiB: 11) == [])
        #expect(remarks(head, "qcow2") == [])
        #expect(
            remarks(head, "qcow2", minDiskGiB: 10) == [
                .diskTooSmall(neededGiB: 11, minDiskGiB: 10)
            ])
        #expect(remarks(noise(100), "raw", minDiskGiB: 1, sizeBytes: 1 << 30) == [])
        #expect(remarks(noise(100), "raw", minDiskGiB: 1, sizeBytes: 1 << 31).count == 1)
        #expect(remarks(DiskHeads.vhdx, "vhdx", minDiskGiB: 1, sizeBytes: 1 << 31) == [])
    }

    @Test func `An ISO that boots as a disk may be raw`() {
        #expect(remarks(DiskHeads.iso(isHybrid: true), "raw") == [])
        #expect(remarks(DiskHeads.iso(), "raw").count == 1)
        #expect(remarks(DiskHeads.iso(), "iso") == [])
    }
}
