// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import CZlib
internal import Foundation

/// The encoding of values in the database: JSON, compressed with a dictionary of text that is known
/// beforehand, so that text which many rows share takes no room in each.
///
/// The first byte is the number of the dictionary, the next four are the length of the JSON (little
/// endian), and the rest is a zlib stream (RFC 1950), whose checksums reveal damage.
enum Body {
    /// The dictionaries by number. One that was released must never change: new words get a new
    /// number.
    private static let words: [UInt8: Data] = [
        1: Data(
            """
            {"direct","glance-download","web-download","required","preferred","community",\
            "public","shared","iso","vmdk","aki","ari","ami","ova","docker","deactivated",\
            "url":"https://","path":"file:/","sha256","sha1","services","paranoid","keep":{}",\
            "map":{"_0":{"","named":{"_0":["","all":{}","references":{"kernel_id":"image:",\
            "ramdisk_id":"image:","failure":{"code":"","hint":"","isTransient":true,"message":"",\
            "dueAt":1,"busy":{"looks":1,"since":1},"importRequestedAt":1,"importSince":1,\
            "reading":{"againBytes":0,"furthestBytes":0,"readBytes":0,"reopenings":0,"restarts":0,\
            "savedBytes":0}"properties":{"architecture":"x86_64","description":"",\
            "hw_disk_bus":"scsi","hw_disk_bus":"virtio","hw_firmware_type":"uefi",\
            "hw_machine_type":"q35","hw_qemu_guest_agent":"yes","hw_rng_model":"virtio",\
            "hw_scsi_model":"virtio-scsi","hw_vif_model":"virtio","os_admin_user":"",\
            "os_distro":"ubuntu","os_hash_algo":"sha512","os_type":"linux","os_version":""},\
            "sizeBytes":{"checksums":["md5:","sha512:","],"containerFormat":"bare",\
            "diskFormat":"qcow2","raw","fingerprint":"sha512:","imageID":"","isHidden":false,\
            "isProtected":false,"key":"image:","lineage":"image:","location":"","minDiskGiB":0,\
            "minRAMMiB":0,"name":"","ownerID":"","properties":{},"sizeBytes":,"sourceIndex":0,\
            "status":"active","tags":[],"updatedAt":"2025-01-01T00:00:00Z",\
            "visibility":"private"},{"id":0,"intent":{"fallbacks":["upload"],"method":"upload",\
            "methodReason":{"dataIsLocal":{}},"origin":{"lineageID":"","versionID":""},\
            "record":{"acceptsTransformed":false,"allStoresMustSucceed":true,\
            "containerFormat":"bare","diskFormat":"qcow2","isDeactivated":false,"isHidden":false,\
            "isProtected":false,"members":{"drop":{}},"minDiskGiB":0,"minRAMMiB":0,"name":"",\
            "properties":{},"references":{},"stores":{"standard":{}},"tags":[],\
            "verification":"proof","visibility":"private"},"source":{"spools":false,\
            "targetKey":"","wayReason":{"oneTarget":{}}},"members":[],"placement":{"contents":\
            "empty","contents":"ours","generation":0,"heldStores":[],"imageID":"",\
            "isCopying":false},"proof":{"computed":[],"promised":"sha512:","reported":["sha512:"],\
            "sizeBytes":},"remarks":[],"state":"publishing","state":"verifying","state":"done",\
            "state":"planned","tries":{"attempts":0,"importFailures":0,"surprises":0},"wait":{}}
            """.utf8)
    ]
    private static let current: UInt8 = 1
    /// The first byte of a row that is uncompressed JSON, an object.
    private static let plainForm = UInt8(ascii: "{")
    private static let headBytes = 5
    /// The maximum size of the JSON, in bytes. A longer one is damage: a row has a few kilobytes.
    private static let jsonBytesMax = 64 << 20

    /// - Parameter known: JSON that resembles the value's own. Reading the value takes the same
    ///   bytes.
    static func pack(_ value: some Encodable, knowing known: Data = Data()) throws -> Data {
        try pack(json: try json(value), knowing: known)
    }

    /// Returns uncompressed JSON, which ``unpack(_:_:knowing:)`` reads as well if it is an object.
    /// A plan's file uses it: compressing a row takes several times as long as all other work, and
    /// the file is gone before its size matters.
    static func json(_ value: some Encodable) throws -> Data {
        Data(try BodyEncoder.encode(value))
    }

    /// Returns JSON as text: a list for `json_each`.
    static func text(_ value: some Encodable) throws -> String {
        String(decoding: try BodyEncoder.encode(value), as: UTF8.self)
    }

    static func pack(json: Data, knowing known: Data = Data()) throws -> Data {
        guard json.count <= jsonBytesMax else { throw damage("a row is too large") }
        let dictionary = (words[current] ?? Data()) + known
        // The most that zlib adds to data that it cannot shorten, with its checksums: see
        // deflateBound.
        let capacity = json.count + json.count / 8 + json.count / 64 + 64
        var packed = Data(count: headBytes + capacity)
        packed[0] = current
        for byte in 0..<4 { packed[1 + byte] = UInt8(json.count >> (8 * byte) & 0xff) }
        let length = packed.withUnsafeMutableBytes { output in
            json.withUnsafeBytes { input in
                dictionary.withUnsafeBytes { words in
                    tranship_deflate(
                        input.baseAddress, UInt32(input.count), words.baseAddress,
                        UInt32(words.count), output.baseAddress?.advanced(by: headBytes),
                        UInt32(capacity))
                }
            }
        }
        guard length > 0 else { throw damage("a row cannot be compressed") }
        return packed.prefix(headBytes + Int(length))
    }

    static func unpack<Value: Decodable>(
        _ type: Value.Type, _ packed: Data, knowing known: Data = Data()
    ) throws -> Value {
        try BodyDecoder.decode(type, from: [UInt8](try json(packed, knowing: known)))
    }

    /// - Throws: ``TranshipError/Code/journalFailed`` for a damaged row.
    static func json(_ packed: Data, knowing known: Data = Data()) throws -> Data {
        if packed.first == plainForm { return packed }
        let packed = Data(packed)
        guard packed.count > headBytes, let words = words[packed[0]] else {
            throw damage("a row has an unknown form")
        }
        let length = (0..<4).reduce(0) { $0 | Int(packed[1 + $1]) << (8 * $1) }
        guard length <= jsonBytesMax else { throw damage("a row is too large") }
        let dictionary = words + known
        var json = Data(count: length)
        let isWhole = json.withUnsafeMutableBytes { output in
            packed.withUnsafeBytes { input in
                dictionary.withUnsafeBytes { words in
                    tranship_inflate(
                        input.baseAddress?.advanced(by: headBytes),
                        UInt32(input.count - headBytes), words.baseAddress, UInt32(words.count),
                        output.baseAddress, UInt32(length))
                }
            }
        }
        guard isWhole != 0 else { throw damage("a row is damaged") }
        return json
    }

    /// Returns the error for data that no version of this program writes.
    static func damage(_ words: String) -> TranshipError {
        TranshipError(
            .journalFailed, "the journal cannot be used: \(words)",
            hint: "move the journal aside, then rebuild it with `tranship adopt`")
    }
}
