// Stand-ins for the pages that the Go server renders, to look at src/pages.css.

const page = (title, main) => `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/assets/pages.css"></head><body>
<header class="site"><a class="brand" href="/">深微</a><nav aria-label="主要"><a href="/">问一问</a><a href="/items">全部事项</a></nav></header>
${main.replace('<main class="guide">', '<main class="guide"><p class="sample">示例数据：不能作为办事依据，以办理页面为准。</p>')}
<footer><p>深微 · 智能客服，不是报警平台。紧急情况请拨打 <a href="tel:110">110</a>。</p><nav aria-label="其他"><a href="/privacy">隐私说明</a></nav></footer>
</body></html>`

export const guide = (code) => page(`往来港澳通行证换发 · 深微`, `<main class="guide">
<h1>往来港澳通行证换发</h1>
<p class="lead">通行证快到期可以换新的；深户且留过指纹的，全程网上办，不用跑。</p>
<p class="badges"><span class="badge">出入境</span><span class="badge">零跑腿</span><span class="badge">${code}</span></p>
<a class="primary" href="/go/${code}">去办理</a>
<table class="facts">
<tr><th>费用</th><td>60元/张</td></tr><tr><th>办理时限</th><td>一般7个工作日</td></tr>
<tr><th>跑动次数</th><td>零跑腿。网上办限16周岁以上深户且留过指纹</td></tr></table>
<section class="facet"><h2>材料</h2><ul><li>原往来港澳通行证</li><li>居民身份证</li><li>电子证件照和手写签名（网上申请时）</li></ul></section>
<section class="facet"><h2>办理条件</h2><p>证件有效期不足，或已经过期。</p></section>
<section class="facet"><h2>办理流程</h2><ol><li>登录并刷脸</li><li>上传照片和手写签名</li><li>缴费</li><li>选邮寄或自取</li></ol></section>
<aside class="tell"><h2>容易弄混的事项</h2><ul><li>证件没到期、只是次数用完：<a href="/items/CRJ-011">往来港澳签注</a></li><li>证件丢了或坏了：<a href="/items/CRJ-008">往来港澳通行证补发</a></li></ul></aside>
<p class="meta">来源：事项目录 · 更新于 2026-11-20 · 第 7 版</p>
</main>`)

const list = (title, rows) => `<section class="group"><h2>${title}</h2><ul class="items">${rows
  .map(([code, name, trips]) => `<li><a href="/items/${code}"><span>${name}</span><small>${trips}</small></a></li>`).join('')}</ul></section>`

export const items = () => page('全部事项 · 深微', `<main class="guide"><h1>全部事项</h1>
${list('出入境', [['CRJ-001', '普通护照首次申请', '一次跑动'], ['CRJ-007', '往来港澳通行证换发', '零跑腿'], ['CRJ-011', '往来港澳签注', '零跑腿']])}
${list('交警', [['JJ-005', '机动车驾驶证有效期满换证', '零跑腿']])}</main>`)

export const privacy = () => page('隐私说明 · 深微', `<main class="guide"><h1>隐私说明</h1>
<p class="lead">请不要发送身份证号、银行卡号、验证码。</p><h2>我们保存什么</h2><p>您说的话和得到的回答。</p></main>`)
