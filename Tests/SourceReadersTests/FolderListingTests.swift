// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SourceReaders

@Suite struct FolderListingTests {
    private func names(_ page: String, url: String = "https://m.example/noble/") -> [String] {
        FolderListing(Array(page.utf8), url: url).names
    }

    @Test func `Apache's page, with links for sorting and names cut short`() {
        let page = """
            <!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
            <html><head><title>Index of /noble</title></head><body><h1>Index of /noble</h1>
            <pre><img src="/icons/blank.gif" alt="Icon "> <a href="?C=N;O=D">Name</a>
            <a href="?C=M;O=A">Last modified</a><hr>
            <img src="/icons/back.gif" alt="[PARENTDIR]"> <a href="/">Parent Directory</a>
            <img src="/icons/folder.gif" alt="[DIR]"> <a href="20241119/">20241119/</a>
            <img alt="[   ]"> <a href="noble-server-20241119-amd64.img">noble-server-2024..&gt;</a>
            <A HREF='a%20b.img'>a b.img</A>
            </pre></body></html>
            """
        #expect(names(page) == ["20241119", "noble-server-20241119-amd64.img", "a b.img"])
    }

    @Test func `The page of nginx, and one whose links are absolute`() {
        #expect(
            names(
                """
                <html><h1>Index of /noble/</h1><pre><a href="../">../</a>
                <a href="1/">1/</a> 19-Nov-2024 10:00  -
                <a href="./2.img">2.img</a></pre></html>
                """) == ["1", "2.img"])
        #expect(
            names(
                """
                <li><a class=x href="/noble/3.img">3</a><li><a href=4.img>4</a>
                <a href="https://m.example/noble/5.img">5</a><a href="//m.example/noble/6.img">6</a>
                <a href="https://M.EXAMPLE/noble/7+8&amp;9.img">7</a>
                """) == ["3.img", "4.img", "5.img", "6.img", "7+8&9.img"])
    }

    /// Links that sort the folder or show it in another way, and scripts that have the name in
    /// their query.
    @Test(arguments: [
        "?C=N;O=D", "?C=N&amp;O=A", "?C=S&O=A", "/noble/?C=M;O=D", "./?sort=size&order=desc",
        "?sort=name&amp;order=desc", "?layout=grid", "./?limit=100", "?dir=x.img", "?path=/x.img",
        "?prefix=noble/x.img", "?h=main", "https://m.example/noble/?N=D", "/?C=N", "../?C=N",
        "//m.example/noble/?C=D",
    ])
    func `A link that has only a query names no file`(link: String) {
        #expect(names("<a href=\"\(link)\">x</a>") == [])
        #expect(names("<a href='\(link)'>x</a><a href=\"1.img\">x</a>") == ["1.img"])
    }

    @Test(arguments: [
        "1.img?download=1", "./1.img?h=main", "/noble/1.img?h=main", "1.img?raw=true#L1",
        "https://m.example/noble/1.img?Expires=1&amp;Signature=a/b", "1.img?a=://b", "1.img?",
        "1.img/?C=N", "1.img?v=1?v=2",
    ])
    func `The query of a link to a file is not part of its name`(link: String) {
        #expect(names("<a href=\"\(link)\">x</a>") == ["1.img"])
        #expect(names("<a href=1.img>x</a><a href=\"\(link)\">x</a>") == ["1.img"])
    }

    /// Links in the spellings that browsers accept.
    @Test(arguments: [
        "<a href=\"disk&#45;10.raw\">", "<a href=\"disk&#x2d;10.raw\">",
        "<a href=disk&#X2D;10.raw>",
        "<a href=\"disk&#45;10&period;raw\">", "<a href=' disk-10.raw '>",
        "<a href=\"\n\tdisk-10.raw\r\n\">", "<a href=\"disk-10\n.raw\">",
        "<a title=\"a>b\" href=\"disk-10.raw\">", "<a title='a>b'href='disk-10.raw'>",
        "<a data-x=\"<a href='x'>\" href=disk-10.raw>", "<a\nhref\n=\n\"disk-10.raw\">",
        "<a href=\"../noble/disk-10.raw\">", "<a href=\"./x/../disk-10.raw\">",
        "<a href=\"/../noble/./disk-10.raw\">", "<a href=\"%2e%2e/noble/disk%2D10.raw\">",
        "<a href=disk-10.raw href=other.raw>", "<a hidden href=\"disk-10.raw?a=1&lt=2\">",
        "<a / href=\"disk-10.raw\"/>", "<a href=\"https://m.example/x/../noble/disk-10.raw\">",
    ])
    func `A link may be written in many ways`(link: String) {
        #expect(names("<a href=disk-9.raw>9</a>\(link)10</a>") == ["disk-9.raw", "disk-10.raw"])
    }

    @Test(arguments: [
        ("1&amp;lt;2", "1&lt;2"), ("1&#0;2", nil), ("1&#x110000;2", "1&"),
        ("1&nothing;2", "1&nothing;2"), ("1&amp2", "1&amp2"), ("1&", "1&"), ("a&plus;b", "a+b"),
        ("&quot;&apos;", "\"'"),
    ])
    func `A reference stands for one character, and is read once`(text: String, name: String?) {
        #expect(names("<a href=\"\(text)\">x</a>") == [name].compactMap { $0 })
    }

    @Test func `A script that gets the name in its query is a file of its own name`() {
        #expect(names("<a href=\"get.php?file=1.img\">1.img</a>") == ["get.php"])
        #expect(names("<a href=\"/get.php?file=/noble/1.img\">1.img</a>") == [])
        #expect(names("<a href='1%3Fx.img?y'>x</a>") == ["1?x.img"])
    }

    @Test(arguments: [
        "../x.img", "../noble2/x.img", "../../noble/../x.img", "a/../../x.img", "/noble/../x.img",
        "&#46;&#46;/x.img", "a&#47;x.img", " ../x.img ", "/other/x.img",
        "https://evil.example/noble/x.img", "a/x.img", "%2e%2e%2fx.img",
        "//evil.example/noble/x.img", "..%5Cx.img", "#x.img", "%00x.img", "", ".",
        "..",
        "http://m.example/noble/x.img",
    ])
    func `What does not lie in the folder is left out`(link: String) {
        #expect(names("<a href=\"\(link)\">x</a>") == [])
    }

    @Test(arguments: [
        "<!-- <a href=x.img>x</a> -->", "<!-- > <a href=x.img> -->", "<!--<a href=x.img>",
        "<script>'<a href=x.img>'</script>", "<STYLE><a href=x.img></Style >",
        "<template id=t><a href=x.img></template>",
    ])
    func `What a page does not show is left out`(part: String) {
        #expect(names(part) == [])
        let isOpen = part.hasSuffix("<!--<a href=x.img>")
        #expect(
            names("<a href=1.img>\(part)<a href=2.img>") == ["1.img"] + (isOpen ? [] : ["2.img"]))
        #expect(names("<!--><a href=3.img> <scripts><a href=4.img>") == ["3.img", "4.img"])
    }

    @Test(arguments: [
        "", "no page", "<", "<a", "<a ", "<a href", "<a href=", "<a href>", "<a href='",
    ])
    func `Broken pages have no names`(page: String) {
        #expect(names(page) == [])
    }

    @Test func `A page without an end is read in time that grows with its size`() {
        let open = String(repeating: "<a <a href ", count: 200_000)
        #expect(names(open) == [])
        #expect(names(String(repeating: "<!-- --> <!-- - ", count: 200_000)) == [])
        #expect(names(String(repeating: "<script></scrip ", count: 200_000)) == [])
    }
}
