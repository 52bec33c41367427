from .labpage import LabPage
from .steps import panel, wait_for_graphs
from .test_virtual_products import DEFINE, knob
def test_tmp(lab: LabPage):
    lab.page.set_viewport_size({"width": 1440, "height": 1300})
    lab.notebook("tmp.ipynb", [DEFINE, 'panel = Panel("2023-01-02", "2023-01-03")\npanel.plot(wave)\npanel'])
    lab.run(0); lab.run(1)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    s = knob(root, "amplitude", "g1").locator("input[type=range]")
    s.wait_for()
    s.evaluate("n => { window.log=[]; for (const t of ['keydown','input','change']) n.addEventListener(t, e => window.log.push(t+':'+n.value+':'+e.defaultPrevented)); window.addEventListener('keydown', e => window.log.push('w '+e.key+e.defaultPrevented)) }")
    s.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.wait_for_timeout(500)
    print(lab.page.evaluate("window.log"), lab.evaluate("calls[-3:]"), s.evaluate("n=>[n.step,n.min,n.max,n.value]"))
    assert 0
