// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

extension PipelineReader {
    /// Parses one entry of `sources`. Its kind follows from one of five keys, or of those that the
    /// caller adds.
    func source(_ value: FileValue) throws(TranshipError) -> Source {
        let all = ["cloud", "url", "simplestreams", "file", "archive"] + kinds
        switch try kind(of: value, among: all, "a source") {
        case "cloud": return .cloud(try cloudSource(value))
        case "url": return .url(try urlSource(value))
        case "simplestreams": return .simplestreams(try simplestreamsSource(value))
        case "file": return .file(try fileSource(value))
        case "archive": return .archive(try archiveSource(value))
        case let other: return .other(try otherSource(value, kind: other))
        }
    }

    private func otherSource(
        _ value: FileValue, kind: String
    ) throws(TranshipError) -> OtherSource {
        let entries = try value.entries()
        guard let entry = entries.first, entries.count == 1 else {
            throw value.refusal("a \(kind) source has no key but `\(kind)`")
        }
        let place = FileValue(
            reader: self, node: entry.value, path: value.path + ".\(kind)", label: "`\(kind)`")
        return OtherSource(kind: kind, place: try place.text(), position: value.position)
    }

    /// Returns the one key that determines the kind of the entry.
    func kind(of value: FileValue, among kinds: [String], _ what: String) throws(TranshipError)
        -> String
    {
        let all = kinds.map { "`\($0)`" }.joined(separator: ", ")
        guard value.isMapping else {
            if let missing = missingSpace(in: value) { throw missing }
            throw value.refusal("\(what) must be a mapping with one of \(all)")
        }
        let keys = try value.entries()
        let found = keys.map(\.key).filter { kinds.contains($0.text) }
        if found.count > 1 {
            throw refusal(
                found[1].position,
                "\(what) has only one of \(all), but this one has "
                    + "`\(found[0].text)` and `\(found[1].text)`",
                hint: "start a new entry with a dash")
        }
        if let kind = found.first { return kind.text }
        if let missing = keys.lazy.compactMap({ self.missingSpace(in: $0.key) }).first {
            throw missing
        }
        // The section of that kind refuses the mistyped key, and finds the other mistakes of the
        // entry.
        if let guess = keys.lazy.compactMap({ Nearest.to($0.key.text, in: kinds) }).first {
            return guess
        }
        throw value.refusal("\(what) needs one of \(all)")
    }

    private func cloudSource(_ value: FileValue) throws(TranshipError) -> CloudSource {
        let keys = try FileSection<CloudSourceKey>(value)
        return CloudSource(
            cloud: cloudName(keys),
            selection: keys.read(.images) { try selection($0, from: .standard) } ?? .standard,
            exclude: keys.read(.exclude, exclusion),
            limitsImages: keys.read(.limits, limitsImages),
            variant: keys.read(.variant) { try $0.text() },
            preferredStores: keys.read(.preferStores) { (value) throws(TranshipError) in
                let stores = try value.texts()
                // The service splits the list at commas.
                guard let odd = stores.first(where: { $0.contains(",") }) else { return stores }
                throw value.refusal(
                    "`prefer_stores` has \"\(odd)\", and no store has a comma in its name",
                    hint: "write a list, such as [fast, slow]")
            } ?? [])
    }

    func cloudName(_ keys: FileSection<some CloudKey>) -> CloudName {
        let cloud = CloudName(
            name: keys.require(.cloud, standIn: "") { try $0.cloudName() },
            region: keys.read(.region) { try $0.text() },
            interface: keys.read(.interface, interface),
            project: keys.read(.project) { try $0.text() }, projectDomain: nil,
            position: keys.position)
        if !cloud.name.isEmpty { clouds.append(cloud) }
        return cloud
    }

    private func exclusion(_ value: FileValue) throws(TranshipError) -> ImageSelection {
        if value.isMapping, try value.entries().isEmpty {
            throw value.refusal("`exclude` has no condition, so it would exclude every image")
        }
        return try selection(value, from: ImageSelection())
    }

    private func interface(_ value: FileValue) throws(TranshipError) -> String {
        try value.choice(among: ["public", "internal", "admin"])
    }

    private func urlSource(_ value: FileValue) throws(TranshipError) -> URLSource {
        _ = takeVariables()
        let keys = try FileSection<URLSourceKey>(value)
        let url = keys.require(.url, standIn: "", httpURL)
        let latest = keys.read(.latest) { try $0.versionPattern() }
        refuseNoFolder(keys[.url], url, keys[.latest], keys[.checksum])
        let allowsDowngrade = keys.read(.allowDowngrade) { try $0.bool() }
        if keys[.latest] == nil, let value = keys[.allowDowngrade] {
            refuse(
                value.refusal(
                    "`allow_downgrade` has no effect without `latest`, which finds versions",
                    hint: "remove it: data that comes back at one address is copied anyway"))
        }
        let decompress = keys.read(.decompress, decompress) ?? .none
        let file = decompress.name(latest.map { FileName($0.text) } ?? FileName(url: url))
        let series = keys.read(.series, series)
        let image = template(keys[.image], fileName: file)
        let hasAddress = !url.isEmpty && (latest == nil) == (keys[.latest] == nil)
        if hasAddress, file.stem.isEmpty, let place = usesOfStem(image.name, series?.name) {
            refuse(
                refusal(
                    place ?? keys.position,
                    "the name uses {stem}, but the address has no file name",
                    hint: "name the image with `name` under `image`"))
        }
        let proof = checksums(keys[.checksum], keys[.checksumFile])
        return URLSource(
            url: url, latest: latest, allowsDowngrade: allowsDowngrade ?? false,
            staleAfterSeconds: keys.read(.staleAfter) { try $0.spanSeconds() },
            checksum: proof.checksum,
            checksumFile: proof.file,
            signature: signature(
                keys[.signedBy], keys[.signature], hasList: keys[.checksumFile] != nil),
            image: image, decompress: decompress, convert: keys.read(.convert, convert),
            hasProofProperties: keys.read(.proofProperties) { try $0.bool() } ?? false,
            series: series?.name, seriesHasSeveral: series?.hasSeveral ?? false,
            cacert: keys.read(.cacert) { try $0.absolutePath() },
            auth: keys.read(.auth, authentication),
            headers: keys.read(.headers, headers) ?? [], variables: takeVariables(),
            inspects: keys.read(.inspect) { try $0.bool() } ?? true,
            limitsImages: keys.read(.limits, limitsImages), position: keys.position,
            promisePosition: (keys[.checksum] ?? keys[.checksumFile])?.position)
    }

    /// Refuses values of other keys that do not fit `latest`.
    private func refuseNoFolder(
        _ address: FileValue?, _ url: String, _ latest: FileValue?, _ checksum: FileValue?
    ) {
        guard latest != nil else { return }
        let isFolder = url.prefix(while: { $0 != "?" && $0 != "#" }).hasSuffix("/")
        if let address, !url.isEmpty, !isFolder {
            refuse(
                address.refusal(
                    "`url` has to be a folder if there is `latest`, and its path does not end in a slash",
                    hint: "write the folder, such as https://mirror.example/noble/"))
        }
        if let checksum {
            refuse(
                checksum.refusal(
                    "one `checksum` cannot be right for every version that `latest` matches",
                    hint: "use `checksum_file`"))
        }
    }

    private func fileSource(_ value: FileValue) throws(TranshipError) -> FileSource {
        let keys = try FileSection<FileSourceKey>(value)
        let pattern = keys.require(.file, standIn: "") { try $0.pathText() }
        let latest = keys.read(.latest) { try $0.versionPattern("file") }
        if let file = keys[.file], !pattern.isEmpty {
            _ = attempt { try refuseNoPath(file, pattern, keys[.latest]) }
        }
        let allowsDowngrade = keys.read(.allowDowngrade) { try $0.bool() }
        if keys[.latest] == nil, let key = keys[.allowDowngrade] {
            refuse(
                key.refusal(
                    "`allow_downgrade` has no effect without `latest`, which finds versions"))
        }
        let series = keys.read(.series, series)
        let decompress = keys.read(.decompress, decompress) ?? .none
        let proof = checksums(keys[.checksum], keys[.checksumFile], logsIn: false)
        let name = decompress.name(FileName(latest?.text ?? pattern))
        let source = FileSource(
            pattern: pattern, latest: latest,
            allowsDowngrade: allowsDowngrade ?? false,
            staleAfterSeconds: keys.read(.staleAfter) { try $0.spanSeconds() },
            checksum: proof.checksum,
            checksumFile: proof.file,
            signature: signature(
                keys[.signedBy], keys[.signature], hasList: keys[.checksumFile] != nil,
                logsIn: false),
            image: template(keys[.image], fileName: name),
            decompress: decompress, convert: keys.read(.convert, convert),
            hasProofProperties: keys.read(.proofProperties) { try $0.bool() } ?? false,
            series: series?.name, seriesHasSeveral: series?.hasSeveral ?? false,
            inspects: keys.read(.inspect) { try $0.bool() } ?? true,
            limitsImages: keys.read(.limits, limitsImages), position: keys.position,
            promisePosition: (keys[.checksum] ?? keys[.checksumFile])?.position)
        if keys[.latest] != nil || source.isGlob, let checksum = keys[.checksum] {
            let files =
                keys[.latest] == nil
                ? "file that \(keys[.file]?.shown ?? "")" : "version that `latest`"
            refuse(
                checksum.refusal(
                    "one `checksum` cannot be right for every \(files) matches",
                    hint: "use `checksum_file`"))
        }
        return source
    }

    /// Refuses a `file` that does not name files or, with `latest`, one folder.
    private func refuseNoPath(
        _ file: FileValue, _ pattern: String, _ latest: FileValue?
    ) throws(TranshipError) {
        let isFolder = FileName(pattern).text.isEmpty
        guard latest != nil else {
            guard isFolder else { return }
            throw file.refusal(
                "`file` is \(file.shown), which ends in a slash",
                hint: "name files, such as \(pattern)*.qcow2, or the newest of them with `latest`")
        }
        guard isFolder, Glob(pattern).literal != nil else {
            throw file.refusal(
                "`file` has to be one folder if there is `latest`, and "
                    + (isFolder
                        ? "\(file.shown) has wildcards" : "its path does not end in a slash"),
                hint: "write the folder, such as ./images/")
        }
    }

    private func archiveSource(_ value: FileValue) throws(TranshipError) -> ArchiveSource {
        let keys = try FileSection<ArchiveSourceKey>(value)
        let series = keys.read(.series, series)
        return ArchiveSource(
            path: keys.require(.archive, standIn: "") { try $0.absolutePath() },
            selection: keys.read(.images) { try selection($0, from: ImageSelection()) }
                ?? ImageSelection(),
            exclude: keys.read(.exclude, exclusion),
            image: keys.read(.image, imageFields),
            series: series?.name, seriesHasSeveral: series?.hasSeveral ?? false,
            limitsImages: keys.read(.limits, limitsImages), position: keys.position,
            variant: keys.read(.variant) { try $0.text() })
    }

    func decompress(_ value: FileValue) throws(TranshipError) -> DecompressSetting {
        try value.choice(DecompressSetting.self)
    }

    func convert(_ value: FileValue) throws(TranshipError) -> Conversion.Format? {
        try value.choice(Conversion.Format.self, orNil: "none")
    }

    func limitsImages(_ value: FileValue) throws(TranshipError) -> Int? {
        try FileSection<SourceLimitsKey>(value).read(.images) { try $0.integer(1...1000) }
    }

    func series(
        _ value: FileValue
    ) throws(TranshipError) -> (name: NameTemplate, hasSeveral: Bool) {
        try series(value, .source)
    }

    /// - Parameter place: the place of the name, which decides its placeholders.
    func series(
        _ value: FileValue, _ place: NamePlace
    ) throws(TranshipError) -> (name: NameTemplate, hasSeveral: Bool) {
        guard value.isMapping, source(at: value.position).first != "{" || hasSeriesKeys(value)
        else { return (try value.nameTemplate(place), false) }
        let keys = try FileSection<SeriesKey>(value)
        return (
            keys.require(.name, standIn: .fileStem) { try $0.nameTemplate(place) },
            keys.read(.several) { try $0.bool() } ?? false
        )
    }

    /// True for `{ name: x }`, and false for `{stem}`, a name without its quotes.
    private func hasSeriesKeys(_ value: FileValue) -> Bool {
        (try? value.entries())?.contains { !isNull($0.value) } ?? false
    }

    /// Returns the place of the first template that uses `{stem}`, or nil if none does.
    private func usesOfStem(_ templates: NameTemplate?...) -> FilePosition?? {
        templates.compactMap(\.self).first { $0.placeholders.contains(.stem) }.map(\.position)
    }
}

/// Parses URLs, checksums, credentials and headers of sources.
extension PipelineReader {
    /// Parses an http or https URL without credentials.
    func httpURL(_ value: FileValue) throws(TranshipError) -> String {
        try httpURL(value, logsIn: true)
    }

    /// - Parameter logsIn: false for a source that cannot have `auth`.
    private func httpURL(_ value: FileValue, logsIn: Bool) throws(TranshipError) -> String {
        let url = try value.text()
        noteSecret(.query, in: value)
        guard let colon = url.firstRange(of: "://") else {
            throw value.refusal(
                "\(value.label) is not an http or https address",
                hint: value.label == "`url`"
                    ? "for a file on this machine, write `file:` instead of `url:`"
                    : "write it with its scheme, as in https://host/path")
        }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw value.refusal(
                "\(value.label) has the scheme \(scheme.prefix(40)); only http and https are supported",
                hint: scheme == "file" ? "write `file:` with a path instead" : nil)
        }
        let authority = url[colon.upperBound...].prefix { !"/?#".contains($0) }
        // A password may contain a slash. The text that looks like a port is then its beginning.
        let port = authority.drop { $0 != ":" }.dropFirst()
        let isPassword =
            !authority.hasPrefix("[") && !port.allSatisfy(\.isNumber) && url.contains("@")
        // The message must not repeat the URL, which contains a secret.
        guard !authority.contains("@"), !isPassword else {
            throw value.refusal(
                "\(value.label) contains a user or a password; a pipeline file must not contain secrets",
                hint: logsIn
                    ? "leave them out of the address, and write `auth: netrc`, or "
                        + "`auth: env:NAME` for user:password in $NAME"
                    : "fetch it, and name the path of the file: a `file` source does not log in")
        }
        guard !authority.isEmpty, !authority.hasPrefix(":") else {
            throw value.refusal("\(value.label) has no host")
        }
        try refusePort(of: authority, value)
        guard url.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw value.refusal(
                "\(value.label) contains a space or a control character",
                hint: "write %20 for a space")
        }
        return URLSpelling.one(of: url)
    }

    /// Refuses a port that no server can have.
    ///
    /// - Throws: ``TranshipError/Code/invalidPipeline``.
    private func refusePort(of authority: Substring, _ value: FileValue) throws(TranshipError) {
        let host = authority.lastIndex(of: "]").map { authority[$0...] } ?? authority
        guard let colon = host.firstIndex(of: ":") else { return }
        let port = host[host.index(after: colon)...]
        // An empty port is the default port of the scheme (RFC 3986, section 3.2.3).
        guard !port.isEmpty else { return }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
            (1...65535).contains(number)
        else {
            throw value.refusal(
                "\(value.label) has the port \(port.prefix(20)), which is not between 1 and 65535",
                hint: "correct the port, or leave it out")
        }
    }

    /// Parses `checksum` or `checksum_file`. A source may have one of them.
    ///
    /// - Parameter logsIn: false for a source that cannot have `auth`.
    func checksums(
        _ checksum: FileValue?, _ file: FileValue?, logsIn: Bool = true
    ) -> (checksum: Checksum?, file: String?) {
        if checksum != nil, let file {
            refuse(
                file.refusal(
                    "`checksum` and `checksum_file` cannot be used together",
                    hint: "keep one of them"))
        }
        return (
            checksum.flatMap { value in attempt { try self.checksum(value) } },
            file.flatMap { value in attempt { try place(value, logsIn) } }
        )
    }

    private func checksum(_ value: FileValue) throws(TranshipError) -> Checksum {
        let text = try value.text()
        do {
            return try Checksum(text)
        } catch {
            throw value.refusal("`checksum`: \(error.message)", hint: error.hint)
        }
    }

    /// Parses a URL, or a path, which it makes absolute.
    private func place(_ value: FileValue, _ logsIn: Bool) throws(TranshipError) -> String {
        let isURL = try value.text().contains("://")
        return isURL ? try httpURL(value, logsIn: logsIn) : try value.absolutePath()
    }

    /// Parses `signed_by` and `signature`, which concern a list of checksums.
    func signature(
        _ keyring: FileValue?, _ signature: FileValue?, hasList: Bool, logsIn: Bool = true
    ) -> SignatureRule? {
        let signaturePlace = signature.flatMap { value in
            attempt { try place(value, logsIn) }
        }
        guard let keyring else {
            guard let signature else { return nil }
            refuse(
                signature.refusal(
                    "`signature` has no effect without `signed_by`",
                    hint:
                        "name the file with the publisher's public key: `signed_by: keys/mirror.gpg`"
                ))
            return nil
        }
        if !hasList {
            refuse(
                keyring.refusal(
                    "`signed_by` is about the signature of a list of checksums, and there is none",
                    hint: "name the list with `checksum_file`"))
        }
        return attempt {
            SignatureRule(keyring: try keyring.absolutePath(), place: signaturePlace)
        }
    }

    /// Parses `netrc` or `env:NAME`.
    func authentication(_ value: FileValue) throws(TranshipError) -> URLAuthentication {
        let text = try value.text()
        if text == "netrc" { return .netrc }
        guard text.hasPrefix("env:"), EnvironmentText.isName(text.dropFirst(4)) else {
            // The message must not repeat the value, which may be the password itself.
            throw value.refusal(
                "`auth` must be netrc or env:NAME",
                hint: "write env:NAME, which reads user:password from the environment variable "
                    + "NAME")
        }
        let name = String(text.dropFirst(4))
        guard let credentials = environment[name] else {
            throw value.refusal(
                "`auth` names the variable \(name), which is not set in the environment",
                hint: "set \(name) to user:password")
        }
        // RFC 7617, section 2: the first colon ends the user's name.
        guard credentials.contains(":") else {
            throw value.refusal(
                "`auth` names the variable \(name), whose value has no colon",
                hint: "set \(name) to user:password; for a token, write the header under `headers`")
        }
        return .env(name)
    }

    /// Parses headers. Messages never repeat their values.
    func headers(_ value: FileValue) throws(TranshipError) -> [URLHeader] {
        var headers: [URLHeader] = []
        for (key, value, text) in try value.textEntries(emptyValues: false) {
            noteSecret(.all, in: value)
            _ = attempt { try refuseHeader(key, text) }
            headers.append(URLHeader(name: key.text, value: Secret(text)))
        }
        return headers
    }

    private func refuseHeader(_ key: FileKey, _ text: String) throws(TranshipError) {
        // RFC 9110, section 5.6.2.
        guard !key.text.isEmpty,
            key.text.utf8.allSatisfy({
                $0.isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains($0)
            })
        else {
            // The text after a colon is probably the value.
            let name = key.text.prefix { $0 != ":" }
            let isWhole = name.count == key.text.count
            throw refusal(
                key.position, "`\(name)\(isWhole ? "" : ":…")` is not a valid header name",
                hint: isWhole ? nil : "write the name, a colon, a space and then the value")
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw refusal(
                key.position,
                "the header `\(key.text)` contains a line break or a control character")
        }
        let managed = ["host", "content-length", "transfer-encoding", "range", "if-range"]
        if managed.contains(key.text.lowercased()) {
            throw refusal(key.position, "the header `\(key.text)` is set by tranship itself")
        }
    }
}
